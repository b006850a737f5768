-- One row per reading of a record's lead score, from any history of it. Of several at one instant the
-- highest counts.
with

generic_scores as (

    select * from {{ ref('stg_generic__lead_scores') }}

),

salesforce_history as (

    select * from {{ ref('stg_salesforce__lead_history') }}

),

hubspot_history as (

    select * from {{ ref('stg_fivetran_hubspot__contact_property_history') }}

),

mql_rules as (

    select * from {{ source('definitions', 'mql_rules') }}

),

-- Salesforce has no score of its own: the rules say which fields are one.
score_fields as (

    select distinct lower(value) as field
    from mql_rules
    where evidence = 'score' and value is not null

),

unioned as (

    select
        source_system || ':' || record_id as record_id,
        source_system,
        cast(null as varchar) as score_field,
        score,
        scored_at

    from generic_scores

    union all

    select
        'salesforce:' || {{ salesforce_id('salesforce_history.lead_id') }},
        'salesforce',
        score_fields.field,
        try_cast(salesforce_history.new_value as decimal(18, 4)),
        salesforce_history.created_at
    from salesforce_history
    inner join score_fields
        on lower(salesforce_history.field) = score_fields.field
    where not salesforce_history.is_deleted

    union all

    select
        'hubspot:' || contact_id,
        'hubspot',
        property_name,
        try_cast(value as decimal(18, 4)),
        changed_at
    from hubspot_history
    where property_name = 'hubspotscore'

),

readings as (

    select *

    from unioned

    -- A field that was emptied says that nobody knows: the score before it stands.
    where score is not null

    qualify row_number() over (
        partition by record_id, scored_at
        order by score desc, score_field asc nulls last
    ) = 1

)

select * from readings
