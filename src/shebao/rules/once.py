"""YAML lists of our own in which nothing stands twice; region folders are read by the stricter `region_files`."""

from typing import Any

import yaml


class _Once(yaml.SafeLoader):
    """Plain YAML would keep the last of two values of a key and say nothing of the first."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A mapping; raises ConstructorError at a key that stands in it already."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_once(text: str) -> Any:
    """What a YAML text says. Raises yaml.YAMLError where a mapping says a key twice."""
    return yaml.load(text, Loader=_Once)  # noqa: S506 - a SafeLoader, only stricter
