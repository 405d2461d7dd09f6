"""The agency's pages."""

urlpatterns = []
