-- One row per month and sales rep, and one for all (glossary B4, B5). Each number by its own date.
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

origins as (

    select * from {{ ref('int_opportunity_origins') }}

),

lines as (

    select * from {{ ref('int_opportunity_lines') }}

),

bookings as (

    select * from {{ ref('int_bookings') }}

),

quotas as (

    select * from {{ ref('int_quotas') }}

),

velocity as (

    select * from {{ ref('int_velocity') }}

),

coverage as (

    select * from {{ ref('int_coverage') }}

),

renewals as (

    select * from {{ ref('int_renewals') }}

),

sales_reps as (

    select * from {{ ref('dim_sales_rep') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- Medians do not add up: every deal counts once for its rep and once for all.
rep_or_all as (

    select 'rep' as scope

    union all

    select 'all'

),

deals as (

    select
        opportunities.*,
        origins.sourced_by,
        origins.is_influenced,
        origins.touches_until_won,
        origins.contacts_until_won,
        {{ rep_or_total('opportunities.sales_rep_id') }} as rep

    from opportunities

    cross join rep_or_all

    left join origins
        on opportunities.opportunity_id = origins.opportunity_id

    where opportunities.is_funnel and not opportunities.is_deleted

),

created as (

    select
        {{ month_of('created_date') }} as month,
        rep,
        count(*) as opportunities_created,
        sum(acv) as pipeline_created,
        count(case when acv is null then 1 end) as n_no_acv,
        count(case when sourced_by = 'marketing' then 1 end) as opportunities_marketing,
        count(case when sourced_by = 'sdr' then 1 end) as opportunities_sdr,
        count(case when sourced_by = 'sales' then 1 end) as opportunities_sales,
        count(case when sourced_by = 'partner' then 1 end) as opportunities_partner,
        count(case when sourced_by = 'customer_success' then 1 end) as opportunities_customer_success,
        count(case when sourced_by = 'unknown' then 1 end) as opportunities_unknown,
        sum(case when sourced_by = 'marketing' then acv end) as pipeline_marketing,
        sum(case when sourced_by = 'sdr' then acv end) as pipeline_sdr,
        sum(case when sourced_by = 'sales' then acv end) as pipeline_sales,
        sum(case when sourced_by = 'partner' then acv end) as pipeline_partner,
        sum(case when sourced_by = 'customer_success' then acv end) as pipeline_customer_success,
        sum(case when sourced_by = 'unknown' then acv end) as pipeline_unknown,
        count(case when is_influenced then 1 end) as opportunities_influenced,
        sum(case when is_influenced then acv end) as pipeline_influenced,
        count(case when status = 'won' then 1 end) as cohort_won,
        count(case when status = 'won' or (status = 'lost' and not is_loss_excluded) then 1 end)
            as cohort_decided

    from deals

    where created_date is not null

    group by {{ month_of('created_date') }}, rep

),

closed as (

    select
        {{ month_of('close_date') }} as month,
        rep,
        count(case when status = 'won' then 1 end) as won,
        count(case when status = 'lost' and not is_loss_excluded then 1 end) as lost,
        count(case when is_loss_excluded then 1 end) as lost_excluded,
        sum(case when status = 'won' then amount else 0 end) as won_amount,
        sum(case when status = 'lost' and not is_loss_excluded then amount else 0 end) as lost_amount,
        count(case when amount is null and not is_loss_excluded then 1 end) as n_no_amount,
        count(case when status = 'won' and acv > 0 then 1 end) as deals_sized,
        sum(case when status = 'won' and acv > 0 then acv end) as deal_size_sum,
        {{ percentile("case when status = 'won' and acv > 0 then acv end", 0.5) }} as median_deal_size,
        count(sales_cycle_days) as cycles,
        {{ percentile('sales_cycle_days', 0.5) }} as cycle_median_days,
        avg(cast(sales_cycle_days as double)) as cycle_mean_days,
        {{ percentile('sales_cycle_days', 0.9) }} as cycle_p90_days,
        count(case when status = 'won' and has_date_issue then 1 end) as date_issues,
        sum(touches_until_won) as touches_of_won,
        sum(contacts_until_won) as contacts_of_won,
        {{ percentile('touches_until_won', 0.5) }} as touches_per_won_median,
        {{ percentile('contacts_until_won', 0.5) }} as contacts_per_won_median

    from deals

    where
        status = 'lost'
        or (status = 'won' and coalesce(amount_original, 0) >= 0)

    group by {{ month_of('close_date') }}, rep

),

-- Every line that was won weighs by its list price, those of renewals too (C8).
discounted as (

    select
        {{ month_of('lines.close_date') }} as month,
        {{ rep_or_total('lines.sales_rep_id') }} as rep,
        sum(lines.list_amount) as discountable_list_amount,
        sum(lines.amount) as discountable_amount,
        sum(lines.amount_up_to_list) as amount_up_to_list

    from lines

    cross join rep_or_all

    where lines.status = 'won' and lines.kind != 'refund' and lines.is_discountable

    group by
        {{ month_of('lines.close_date') }},
        {{ rep_or_total('lines.sales_rep_id') }}

),

booking_events as (

    select
        {{ month_of('bookings.event_date') }} as month,
        {{ rep_or_total('bookings.sales_rep_id') }} as rep,
        bookings.kind,
        bookings.amount

    from bookings

    cross join rep_or_all

),

booked as (

    select
        month,
        rep,
        sum(amount) as net_bookings,
        sum(case when kind != 'renewal' then amount else 0 end) as new_bookings

    from booking_events

    group by month, rep

),

-- The team's quota is the one that was set for it, else the sum of its reps'.
quota_totals as (

    select
        month,
        'all' as rep,
        coalesce(
            max(case when sales_rep_id = 'all' then quota end),
            sum(case when sales_rep_id != 'all' then quota end)
        ) as quota,
        sum(case when sales_rep_id != 'all' then quota end) as quota_of_reps

    from quotas

    group by month

),

shown_quotas as (

    select month, sales_rep_id as rep, quota, quota as quota_of_reps
    from quotas
    where sales_rep_id != 'all'

    union all

    select * from quota_totals

),

-- Contracts by the month in which they fell due; those that may still be renewed are in no rate (glossary C16).
contracts as (

    select
        {{ month_of('renewals.due_date') }} as month,
        {{ rep_or_total('renewals.sales_rep_id') }} as rep,
        renewals.outcome,
        case when renewals.amount_renewed is not null then renewals.amount_due end as amount_due,
        case
            when renewals.amount_renewed > renewals.amount_due then renewals.amount_due
            when renewals.amount_due is not null then renewals.amount_renewed
        end as amount_kept

    from renewals

    cross join settings

    cross join rep_or_all

    where renewals.due_date <= settings.as_of

),

contracts_due as (

    select
        month,
        rep,
        count(case when outcome != 'pending' then 1 end) as renewals_due,
        count(case when outcome = 'renewed' then 1 end) as renewals_won,
        count(case when outcome = 'pending' then 1 end) as renewals_pending,
        sum(amount_due) as renewal_amount_due,
        sum(amount_kept) as renewal_amount_kept

    from contracts

    group by month, rep

),

keys as (

    select month, rep from created

    union

    select month, rep from closed

    union

    select month, rep from booked

    union

    select month, rep from contracts_due

    union

    select month, rep from velocity

    union

    select month, rep from coverage

    union

    -- The quota of a month to come is no result yet.
    select shown_quotas.month, shown_quotas.rep
    from shown_quotas
    inner join settings
        on shown_quotas.month <= settings.as_of

)

select
    keys.rep as sales_rep_id,
    coalesce(sales_reps.sales_rep, keys.rep) as sales_rep,
    coalesce(created.opportunities_created, 0) as opportunities_created,
    coalesce(created.n_no_acv, 0) as n_no_acv,
    coalesce(closed.won, 0) as won,
    coalesce(closed.lost, 0) as lost,
    coalesce(closed.lost_excluded, 0) as lost_excluded,
    coalesce(closed.n_no_amount, 0) as n_no_amount,
    coalesce(closed.deals_sized, 0) as deals_sized,
    coalesce(closed.cycles, 0) as cycles,
    coalesce(closed.date_issues, 0) as date_issues,
    {{ money('coalesce(closed.deal_size_sum, 0)') }} as deal_size_sum,
    {{ money('coalesce(created.pipeline_created, 0)') }} as pipeline_created,
    coalesce(created.opportunities_marketing, 0) as opportunities_marketing,
    coalesce(created.opportunities_sdr, 0) as opportunities_sdr,
    coalesce(created.opportunities_sales, 0) as opportunities_sales,
    coalesce(created.opportunities_partner, 0) as opportunities_partner,
    coalesce(created.opportunities_customer_success, 0) as opportunities_customer_success,
    coalesce(created.opportunities_unknown, 0) as opportunities_unknown,
    coalesce(created.opportunities_influenced, 0) as opportunities_influenced,
    {{ money('coalesce(created.pipeline_marketing, 0)') }} as pipeline_marketing,
    {{ money('coalesce(created.pipeline_sdr, 0)') }} as pipeline_sdr,
    {{ money('coalesce(created.pipeline_sales, 0)') }} as pipeline_sales,
    {{ money('coalesce(created.pipeline_partner, 0)') }} as pipeline_partner,
    {{ money('coalesce(created.pipeline_customer_success, 0)') }} as pipeline_customer_success,
    {{ money('coalesce(created.pipeline_unknown, 0)') }} as pipeline_unknown,
    {{ money('coalesce(created.pipeline_influenced, 0)') }} as pipeline_influenced,
    {{ money('coalesce(closed.won_amount, 0)') }} as won_amount,
    {{ money('coalesce(closed.lost_amount, 0)') }} as lost_amount,
    {{ money('coalesce(booked.new_bookings, 0)') }} as new_bookings,
    {{ money('coalesce(booked.net_bookings, 0)') }} as net_bookings,
    {{ ratio('closed.won', 'closed.won + closed.lost') }} as win_rate,
    {{ ratio('closed.won_amount', 'closed.won_amount + closed.lost_amount') }} as win_rate_value,
    coalesce(created.cohort_won, 0) as cohort_won,
    coalesce(created.cohort_decided, 0) as cohort_decided,
    {{ ratio('created.cohort_won', 'created.cohort_decided') }} as win_rate_cohort,
    {{ ratio('closed.deal_size_sum', 'closed.deals_sized') }} as average_deal_size,
    closed.median_deal_size,
    closed.cycle_median_days,
    closed.cycle_mean_days,
    closed.cycle_p90_days,
    cast(coalesce(closed.touches_of_won, 0) as bigint) as touches_of_won,
    cast(coalesce(closed.contacts_of_won, 0) as bigint) as contacts_of_won,
    {{ ratio('closed.touches_of_won', 'closed.won') }} as touches_per_won,
    {{ ratio('closed.contacts_of_won', 'closed.won') }} as contacts_per_won,
    closed.touches_per_won_median,
    closed.contacts_per_won_median,
    {{ money('coalesce(discounted.discountable_list_amount, 0)') }} as discountable_list_amount,
    {{ money('coalesce(discounted.discountable_amount, 0)') }} as discountable_amount,
    {{ money('coalesce(discounted.amount_up_to_list, 0)') }} as amount_up_to_list,
    {{ ratio(
        'discounted.discountable_list_amount - discounted.amount_up_to_list', 'discounted.discountable_list_amount'
    ) }} as discount_rate,
    {{ ratio(
        'discounted.discountable_list_amount - discounted.discountable_amount', 'discounted.discountable_list_amount'
    ) }} as net_discount_rate,
    coalesce(velocity.open_opportunities, 0) as open_opportunities,
    coalesce(velocity.n_open_no_amount, 0) as n_open_no_amount,
    {{ money('coalesce(velocity.open_pipeline, 0)') }} as open_pipeline,
    coalesce(velocity.trailing_won, 0) as trailing_won,
    coalesce(velocity.trailing_decided, 0) as trailing_decided,
    velocity.trailing_win_rate,
    velocity.trailing_deal_size,
    velocity.trailing_cycle_days,
    velocity.velocity_per_day,
    {{ money('shown_quotas.quota') }} as quota,
    {{ money('shown_quotas.quota_of_reps') }} as quota_of_reps,
    {{ ratio('coalesce(booked.new_bookings, 0)', 'shown_quotas.quota') }} as attainment,
    coalesce(coverage.is_no_quota, coalesce(shown_quotas.quota, 0) = 0) as is_no_quota,
    coverage.period_quota,
    coverage.period_won,
    coverage.period_attainment,
    coverage.coverage_start_pipeline,
    coverage.coverage_start,
    coverage.coverage_start_weighted,
    coverage.coverage_now_pipeline,
    coverage.remaining_quota,
    coverage.coverage_now,
    coverage.coverage_now_weighted,
    coalesce(contracts_due.renewals_due, 0) as renewals_due,
    coalesce(contracts_due.renewals_won, 0) as renewals_won,
    coalesce(contracts_due.renewals_pending, 0) as renewals_pending,
    {{ ratio('contracts_due.renewals_won', 'contracts_due.renewals_due') }} as renewal_rate,
    {{ wilson('low', 'contracts_due.renewals_won', 'contracts_due.renewals_due') }} as renewal_rate_ci_low,
    {{ wilson('high', 'contracts_due.renewals_won', 'contracts_due.renewals_due') }} as renewal_rate_ci_high,
    {{ money('coalesce(contracts_due.renewal_amount_due, 0)') }} as renewal_amount_due,
    {{ money('coalesce(contracts_due.renewal_amount_kept, 0)') }} as renewal_amount_kept,
    {{ ratio('contracts_due.renewal_amount_kept', 'contracts_due.renewal_amount_due') }} as renewal_rate_value,
    keys.month

from keys

left join created
    on keys.month = created.month and keys.rep = created.rep

left join closed
    on keys.month = closed.month and keys.rep = closed.rep

left join discounted
    on keys.month = discounted.month and keys.rep = discounted.rep

left join booked
    on keys.month = booked.month and keys.rep = booked.rep

left join shown_quotas
    on keys.month = shown_quotas.month and keys.rep = shown_quotas.rep

left join velocity
    on keys.month = velocity.month and keys.rep = velocity.rep

left join coverage
    on keys.month = coverage.month and keys.rep = coverage.rep

left join contracts_due
    on keys.month = contracts_due.month and keys.rep = contracts_due.rep

left join sales_reps
    on keys.rep = sales_reps.sales_rep_id

where keys.month is not null
