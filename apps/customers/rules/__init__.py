"""Rules over customers: a JSON document that says who fits, for searches, and above for segments and campaigns.

    {"all": [
        {"field": "language", "operator": "is", "value": "de"},
        {"any": [
            {"field": "last_visit", "operator": "within", "value": {"last_days": 30}},
            {"field": "tags", "operator": "has", "value": "VIP"}
        ]}
    ]}

`parse(document, organization)` checks it (or raises Refused, `bad_rule`, with the place) and gives a `Rule`;
`rule.condition(now=…)` is a Django `Q` over heads. Every app adds fields at start-up: `fields.register(Field(…))`.
A rule keeps names and days relative to the day on which it is asked, so that it says the same tomorrow.
"""

from apps.customers.rules import builtin, fields
from apps.customers.rules.fields import Field, Kind
from apps.customers.rules.rule import Condition, Group, Rule, parse

builtin.register_all()

__all__ = ["Condition", "Field", "Group", "Kind", "Rule", "fields", "parse"]
