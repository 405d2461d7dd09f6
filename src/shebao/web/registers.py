"""The registers that a region's catalogue may name, by the words of `PAGES`: where they are and how they look."""

REGISTERS = {"scheme_roster": ("e_scheme_roster", "list-details"), "yearly_plan": ("e_yearly_plan", "shield-check")}
"""Word → (url name, icon)."""
