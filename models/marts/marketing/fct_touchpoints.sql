-- One row per touch of a person who counts.
with

touches as (

    select * from {{ ref('int_touches') }}

),

persons as (

    select * from {{ ref('int_persons') }}

)

select
    touches.touch_id,
    touches.person_id,
    touches.account_id,
    touches.touch_type,
    touches.interaction,
    touches.channel,
    touches.evidence,
    touches.campaign_id,
    touches.is_marketing,
    touches.repeats,
    touches.touched_at

from touches

inner join persons
    on touches.person_id = persons.person_id

where not persons.is_excluded
