"""The employer's pages."""

urlpatterns = []
