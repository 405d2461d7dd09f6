"""`shebao retention`: remove what is kept longer than the list of personal data says."""

from .starting import in_words, start_with_database


def add_parsers(subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("retention", help="清除超过保存期限的资料")
    parser.add_argument("--dry-run", action="store_true", help="只计数，不清除")
    parser.set_defaults(run=retention)


def retention(options) -> int:
    """Print what is past its time, part by part, and remove it unless told only to count."""
    start_with_database()
    from shebao.hall.retention import forget_what_is_over, overdue

    with in_words():
        rows = overdue()
        done = {} if options.dry_run else forget_what_is_over(by=None)
    for row in rows:
        told = f"超期 {row.count} 条" if options.dry_run else f"清理 {done.get(row.name, 0)} 条"
        print(f"{row.title}（保存 {row.days} 天）：{told}")
    return 0
