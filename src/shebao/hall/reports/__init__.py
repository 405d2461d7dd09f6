"""Queries (查询): what can be looked up about an employer's money, people and cases; nothing here writes but views."""
