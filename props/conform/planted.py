"""The defects that there are, by name."""

DEFECTS = {}


def defect(target):
    """Registers a class that is `target` with a defect, by its own name."""

    def register(planted):
        DEFECTS[planted.__name__.replace("_", "-")] = (target, planted)
        return planted

    return register
