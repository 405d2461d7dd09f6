"""The papers of the demo city: a blank page for every paper that a service cannot do without."""

BLANK_PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def upload_missing(declarations: list, by) -> None:
    """Upload what the declarations still lack; a paper of the month once for all of them."""
    from shebao.hall.evidence import operations
    from shebao.hall.evidence.files import Upload
    from shebao.hall.evidence.queries import papers_of

    monthly = {}
    for declaration in declarations:
        for view in papers_of([declaration]).get(declaration.pk, []):
            title = view.paper.title
            if view.is_missing and view.paper.covers == "each":
                operations.add_evidence(declaration.pk, title, [Upload(f"{title}.pdf", BLANK_PAGE)], by=by)
            elif view.is_missing:
                monthly[declaration.employer_id, declaration.service, title] = None
    for employer_id, service, title in monthly:
        operations.add_monthly_evidence(employer_id, service, title, [Upload(f"{title}.pdf", BLANK_PAGE)], by=by)
