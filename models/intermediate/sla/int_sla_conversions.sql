-- One row per promise of a conversion rate and unit of the MQLs that sales was given: SQLs that were to become
-- deals, deals that were to be won (glossary B8, conversion side).
with

assignments as (

    select * from {{ ref('int_assignments') }}

),

stage_cycles as (

    select * from {{ ref('int_stage_cycles') }}

),

conversions as (

    select * from {{ ref('int_conversions') }}

),

sla as (

    select * from {{ source('definitions', 'sla') }}

),

conversion_windows as (

    select * from {{ source('definitions', 'conversion_windows') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

assigned_cycles as (

    select
        assignments.person_id,
        assignments.cycle_number,
        {{ month_of(local_date('assignments.assigned_at', 'settings.reporting_timezone')) }} as month,
        {{ local_date('assignments.assigned_at', 'settings.reporting_timezone') }} as assigned_date

    from assignments

    cross join settings

    where {{ local_date('assignments.assigned_at', 'settings.reporting_timezone') }} <= settings.as_of

),

-- What stands for the cycle in a pair of stages: itself, or each deal that was opened in it.
units as (

    select
        month,
        assigned_date,
        person_id || '#' || cast(cycle_number as varchar) as unit_id
    from assigned_cycles

    union all

    select
        assigned_cycles.month,
        assigned_cycles.assigned_date,
        stage_cycles.opportunity_id
    from assigned_cycles
    inner join stage_cycles
        on
            assigned_cycles.person_id = stage_cycles.person_id
            and assigned_cycles.cycle_number = stage_cycles.cycle_number
            and stage_cycles.stage = 'opportunity'

),

judged as (

    select
        sla.commitment,
        sla.owner,
        sla.kind,
        sla.metric,
        sla.committed,
        sla.unit,
        sla.version as definition_version,
        units.unit_id,
        units.month,
        case
            when conversions.lag_days <= conversions.window_days then 'met'
            when conversions.converted_date is not null or conversions.observed_days >= conversions.window_days
                then 'breached'
            else 'pending'
        end as outcome

    from units

    inner join sla
        on
            sla.kind = 'conversion'
            and {{ in_force('sla', 'units.assigned_date') }}

    inner join conversion_windows
        on
            sla.metric = conversion_windows.metric
            and conversion_windows.from_stage != 'lead'
            and {{ in_force('conversion_windows', 'units.assigned_date') }}

    inner join conversions
        on
            units.unit_id = conversions.unit_id
            and conversion_windows.from_stage = conversions.from_stage
            and conversion_windows.to_stage = conversions.to_stage

)

select * from judged
