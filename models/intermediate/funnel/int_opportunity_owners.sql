-- One row per deal and range of days with the sales rep who owned it at their ends, of deals that were handed over
-- and whose field history says so. Salesforce writes such a change twice, by name and by id.
with

field_history as (

    select * from {{ ref('stg_salesforce__opportunity_field_history') }}
    where field = 'Owner' and not is_deleted and new_value like '005%'

),

opportunities as (

    select * from {{ ref('int_salesforce_opportunities') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

changes as (

    select
        'salesforce:' || opportunities.opportunity_id as opportunity_id,
        field_history.old_value,
        field_history.new_value,
        {{ local_date('field_history.created_at', 'settings.reporting_timezone') }} as changed_date,
        row_number() over (
            partition by opportunities.opportunity_id
            order by field_history.created_at, field_history.opportunity_field_history_id
        ) as change_number

    from field_history

    cross join settings

    inner join opportunities
        on left(field_history.opportunity_id, 15) = left(opportunities.opportunity_id, 15)

),

owners as (

    select
        opportunity_id,
        old_value as owner_id,
        date '1900-01-01' as from_date,
        changed_date as to_date
    from changes
    where change_number = 1

    union all

    select
        opportunity_id,
        new_value,
        changed_date,
        coalesce(
            lead(changed_date) over (partition by opportunity_id order by change_number), date '9999-12-31'
        )
    from changes

)

select
    opportunity_id,
    'salesforce:' || {{ salesforce_id('owner_id') }} as sales_rep_id,
    from_date,
    to_date

from owners

where from_date < to_date
