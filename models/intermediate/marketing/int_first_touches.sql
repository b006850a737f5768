-- One row per person with a touch that names a source: the first one.
with

touches as (

    select * from {{ ref('int_touches') }}

),

first_touches as (

    select
        person_id,
        touch_id,
        channel,
        campaign_id,
        touched_at

    from touches

    where names_source

    qualify row_number() over (partition by person_id order by touched_at nulls last, touch_id) = 1

)

select * from first_touches
