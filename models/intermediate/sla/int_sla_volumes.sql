-- One row per promise of a volume and month: how many were promised and came. An SQL counts for marketing only if
-- its cycle had an MQL that was recorded (glossary B8, B9).
with

entries as (

    select * from {{ ref('int_funnel_entries') }}

),

targets as (

    select * from {{ ref('int_targets') }}

),

business_days as (

    select * from {{ ref('int_business_days') }}

),

sla as (

    select * from {{ source('definitions', 'sla') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

months as (

    select
        {{ month_of('business_days.date_day') }} as month,
        sum(case when business_days.is_open then 1 else 0 end) as business_days,
        sum(case when business_days.is_open and business_days.date_day <= settings.as_of then 1 else 0 end)
            as business_days_elapsed

    from business_days

    cross join settings

    where business_days.calendar = 'default'

    group by {{ month_of('business_days.date_day') }}

),

mql_cycles as (

    select
        person_id,
        cycle_number

    from entries

    where stage = 'mql' and not is_imputed and not via_account

),

delivered as (

    select
        entries.stage || 's' as metric,
        {{ month_of('entries.entered_date') }} as month,
        count(*) as delivered

    from entries

    cross join settings

    inner join mql_cycles
        on
            entries.person_id = mql_cycles.person_id
            and entries.cycle_number = mql_cycles.cycle_number

    where
        entries.stage in ('mql', 'sal', 'sql')
        and not entries.is_imputed
        and not entries.via_account
        and entries.entered_date <= settings.as_of

    group by entries.stage, {{ month_of('entries.entered_date') }}

),

-- Nothing was promised before there was any MQL.
first_months as (

    select min(month) as month from delivered
    where metric = 'mqls'

),

company_targets as (

    select *
    from targets
    where channel = 'all' and sales_rep_id = 'all'

),

final as (

    select
        sla.commitment,
        sla.owner,
        sla.kind,
        sla.metric,
        sla.unit,
        sla.version as definition_version,
        months.month,
        cast(coalesce(sla.committed, company_targets.target) as double) as committed,
        coalesce(delivered.delivered, 0) as delivered,
        months.business_days,
        months.business_days_elapsed

    from months

    cross join settings

    inner join first_months
        on months.month >= first_months.month

    inner join sla
        on
            sla.kind = 'volume'
            and {{ in_force('sla', 'months.month') }}

    left join company_targets
        on
            sla.metric = company_targets.metric
            and months.month = company_targets.month

    left join delivered
        on
            sla.metric = delivered.metric
            and months.month = delivered.month

    where
        months.month <= settings.as_of
        and coalesce(sla.committed, company_targets.target, delivered.delivered) is not null

)

select * from final
