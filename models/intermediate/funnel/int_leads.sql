-- One row per person who counts: the day they became a lead, and the channel that they came from.
with

entries as (

    select * from {{ ref('int_funnel_entries') }}

),

first_touches as (

    select * from {{ ref('int_first_touches') }}

),

first_entries as (

    select
        person_id,
        is_lead_after_opportunity,
        entered_date

    from entries

    where stage = 'lead' and not is_imputed and not via_account

    qualify row_number() over (partition by person_id order by entered_at, cycle_number) = 1

),

leads as (

    select
        first_entries.person_id,
        coalesce(first_touches.channel, 'unattributed') as channel,
        first_touches.campaign_id,
        first_entries.is_lead_after_opportunity,
        first_entries.entered_date as lead_date,
        {{ month_of('first_entries.entered_date') }} as lead_month

    from first_entries

    left join first_touches
        on first_entries.person_id = first_touches.person_id

)

select * from leads
