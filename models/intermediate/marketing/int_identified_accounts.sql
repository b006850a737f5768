-- One row per month and channel, and one for all: the accounts of known people who visited the website or did
-- something else that a log of touches tells. A distinct count of its own in each row (glossary A1).
with

web_sessions as (

    select * from {{ ref('int_web_sessions') }}

),

touches as (

    select * from {{ ref('int_touches') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

visits as (

    select
        {{ month_of('session_date') }} as month,
        channel,
        account_id

    from web_sessions

    union all

    select
        {{ month_of(local_date('touches.touched_at', 'settings.reporting_timezone')) }},
        touches.channel,
        touches.account_id

    from touches

    inner join persons
        on touches.person_id = persons.person_id

    cross join settings

    where touches.touch_type = 'touchpoint' and not persons.is_excluded

),

with_total as (

    select * from visits

    union all

    select
        month,
        'all',
        account_id

    from visits

)

select
    month,
    channel,
    count(distinct account_id) as identified_accounts

from with_total

group by month, channel
