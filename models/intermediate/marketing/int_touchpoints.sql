-- One row per touch of a known person by any log of touches. A machine's touch is nobody's.
with

touchpoints as (

    select * from {{ ref('stg_generic__touchpoints') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

campaign_names as (

    select * from {{ ref('int_campaign_names') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

persons_by_email as (

    select
        email_key,
        min(person_id) as person_id

    from person_records

    where email_key is not null

    group by email_key

),

-- A record id says more than an address, which two people may share.
known as (

    select
        coalesce(records.person_id, persons_by_email.person_id) as person_id,
        touchpoints.source_system,
        touchpoints.touch_id,
        touchpoints.touch_type,
        touchpoints.channel_source,
        touchpoints.campaign,
        {{ channel_of('touchpoints.channel_source') }} as channel,
        touchpoints.touched_at

    from touchpoints

    cross join settings

    left join person_records as records
        on touchpoints.source_system || ':' || touchpoints.record_id = records.record_id

    left join persons_by_email
        on touchpoints.email_key = persons_by_email.email_key

    {{ channel_joins(
        'touchpoints.source_system', 'touchpoints.channel_source',
        local_date('touchpoints.touched_at', 'settings.reporting_timezone')
    ) }}

    where
        not coalesce(touchpoints.is_machine, false)
        and coalesce(records.person_id, persons_by_email.person_id) is not null

),

-- A log without ids names a touch by what it is; the same touch told twice is one.
named as (

    select
        'touchpoint:' || known.source_system || ':' || coalesce(
            known.touch_id,
            concat_ws(
                ':', known.person_id, lower(known.touch_type), lower(known.channel_source), lower(known.campaign),
                cast(known.touched_at as varchar)
            )
        ) as touch_id,
        known.person_id,
        known.channel,
        coalesce(campaigns.campaign_id, campaign_names.campaign_id) as campaign_id,
        known.touched_at

    from known

    left join campaigns
        on known.source_system || ':' || known.campaign = campaigns.campaign_id

    left join campaign_names
        on
            known.channel = campaign_names.channel
            and lower(known.campaign) = campaign_names.campaign_name

),

final as (

    select *

    from named

    qualify row_number() over (partition by touch_id order by touched_at asc, person_id asc) = 1

)

select * from final
