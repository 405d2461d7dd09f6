"""What the agency of a demo region paid back by hand after work injuries: two are paid, one is only approved."""

from shebao.rules.money import plain_yuan
from shebao.rules.months import Month

# Months since the accident and since the approval; whether it is paid; hospital, invoices, claimed and approved (fen).
CLAIMS = (
    (6, 4, True, "示例市第一人民医院", 7, 1_286_450, 1_138_200),
    (4, 2, True, "示例市骨科医院", 3, 452_000, 452_000),
    (2, 1, False, "示例市中医院", 5, 863_575, 790_325),
)


def pay_back_by_hand(history) -> None:
    """Enter claims of the first who are insured, where the region has the query for them."""
    from shebao.hall import clock
    from shebao.hall.reimbursements.operations import enter_reimbursement
    from shebao.hall.reimbursements.queries import keeps_reimbursements

    if not keeps_reimbursements(history.region):
        return
    this_month = Month.of(clock.today())
    claims = [one for one in CLAIMS if this_month.previous(one[0]) >= history.employer.first_month]
    for number, (person, claim) in enumerate(zip(history.insured, claims, strict=False), 1):
        hurt, since, is_paid, hospital, invoices, claimed_fen, approved_fen = claim
        accident, approval = this_month.previous(hurt), this_month.previous(since)
        said = {
            "employer": history.employer.employer_number,
            "id_number": person["id_number"],
            "name": person["name"],
            "accident_on": f"{accident}-06",
            "hospital": hospital,
            "treated_from": f"{accident}-06",
            "treated_until": f"{accident}-21",
            "number": f"GS{approval.year}{number:04}",
            "invoices": str(invoices),
            "claimed": plain_yuan(claimed_fen),
            "approved": plain_yuan(approved_fen),
            "approved_on": f"{approval}-12",
            "paid_on": f"{approval}-20" if is_paid else "",
            "payee": "2" if number == 1 else "1",
            "note": "单位垫付，凭原始发票报销" if number == 1 else "",
        }
        history._at(approval, 24, 15, lambda said=said: enter_reimbursement(said, by=history.reviewer))
