"""Conditions that somebody asks for again and again."""

from django.conf import settings
from django.db import models


class SavedViews(models.QuerySet):
    def visible_to(self, actor):
        """One's own only."""
        return self.filter(operator=actor)


class SavedView(models.Model):
    """A query's conditions under a name (常用查询), its maker's own. `conditions` are those of the address."""

    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    query = models.CharField("查询", max_length=60)
    name = models.CharField("名称", max_length=30)
    conditions = models.JSONField("条件", default=dict)

    objects = SavedViews.as_manager()

    class Meta:
        verbose_name = "常用查询"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "query", "name"],
                name="a_saved_view_has_a_name_of_its_own",
                violation_error_message="已有同名的常用查询。",
            )
        ]
