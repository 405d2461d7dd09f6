"""The participation ribbon (参保轨迹) as the pages draw it."""

from shebao.rules.region import Region


def lanes_of(here: Region, ribbon: list[dict]) -> dict:
    """What the part `ribbon_svg` takes: `lanes`, each with colour, name and states, and `since`, the first month."""
    return {
        "lanes": [
            {
                "code": here.schemes[lane["scheme"]].colour,
                "label": lane["short"],
                "months": [cell["state"] for cell in lane["months"]],
            }
            for lane in ribbon
        ],
        "since": ribbon[0]["months"][0]["month"] if ribbon else "",
    }
