"""Every address of the hall."""

urlpatterns = []
