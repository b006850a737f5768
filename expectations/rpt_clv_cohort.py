"""What BI may take for granted about marts.rpt_clv_cohort."""

from expectations import finite, no_rows, nothing_in

TABLE = "marts.rpt_clv_cohort"

EXPECTATIONS = [
    finite("clv"),
    no_rows("age_months < 0 or customers <= 0", "a cohort has customers, and an age"),
    no_rows("cohort = 'all' and not is_mature", "the total holds no age that is not over"),
    nothing_in(
        "select cohort, channel from {batch} where cohort != 'all' group by cohort, channel "
        "having count(distinct customers) > 1 or count(*) != max(age_months) + 1",
        "as many customers at every age, and no age left out",
    ),
    nothing_in(
        "select cohort, age_months from {batch} group by cohort, age_months having "
        "sum(customers) filter (channel = 'all') != sum(customers) filter (channel != 'all')",
        "all channels together are all",
    ),
    nothing_in(
        "select 1 as found from (select sum(customers) as customers from {batch} "
        "where cohort != 'all' and channel = 'all' and age_months = 0) as cohorts "
        "cross join (select count(*) as customers from marts.rpt_customer_value "
        "where became_customer_date <= (select as_of from raw.plumbline__settings)) as known "
        "where cohorts.customers != known.customers",
        "every customer is in one cohort",
    ),
]
