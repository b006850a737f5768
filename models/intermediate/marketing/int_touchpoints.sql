-- One row per touch of a known person by any log of touches. A machine's touch is nobody's.
with

touchpoints as (

    select * from {{ ref('stg_generic__touchpoints') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

channel_evidence as (

    select * from {{ ref('int_channel_evidence') }}

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

    {{ persons_by_email('person_records') }}

),

dated as (

    select
        touchpoints.*,
        {{ click_ids('touchpoints') }} as click_ids,
        coalesce(touchpoints.channel_source, touchpoints.utm_source) as source_text,
        coalesce(touchpoints.campaign, touchpoints.utm_campaign) as campaign_text,
        {{ local_date('touchpoints.touched_at', 'settings.reporting_timezone') }} as touched_date

    from touchpoints

    cross join settings

    where not coalesce(touchpoints.is_machine, false)

),

-- A record id says more than an address, which two people may share.
known as (

    select
        coalesce(records.person_id, persons_by_email.person_id) as person_id,
        dated.source_system,
        dated.touch_id,
        dated.touch_type,
        dated.source_text,
        dated.campaign_text,
        {{ channel_by_evidence('dated.source_text') }} as channel,
        {{ evidence_of('dated.source_text') }} as evidence,
        dated.touched_at

    from dated

    left join person_records as records
        on dated.source_system || ':' || dated.record_id = records.record_id

    left join persons_by_email
        on dated.email_key = persons_by_email.email_key

    left join channel_evidence
        on channel_evidence.evidence_key = {{ evidence_key('dated', 'dated.touched_date', 'dated.click_ids') }}

    {{ channel_joins('dated.source_system', 'dated.source_text', 'dated.touched_date') }}

    where coalesce(records.person_id, persons_by_email.person_id) is not null

),

-- A log without ids names a touch by what it is; the same touch told twice is one.
named as (

    select
        'touchpoint:' || known.source_system || ':' || coalesce(
            known.touch_id,
            concat_ws(
                ':', known.person_id, lower(known.touch_type), lower(known.source_text), lower(known.campaign_text),
                cast(known.touched_at as varchar)
            )
        ) as touch_id,
        known.person_id,
        known.source_system,
        lower(known.touch_type) as interaction,
        known.channel,
        known.evidence,
        coalesce(campaigns.campaign_id, campaign_names.campaign_id) as campaign_id,
        known.touched_at

    from known

    left join campaigns
        on known.source_system || ':' || known.campaign_text = campaigns.campaign_id

    left join campaign_names
        on
            known.channel = campaign_names.channel
            and lower(known.campaign_text) = campaign_names.campaign_name

),

final as (

    select *

    from named

    qualify row_number() over (partition by touch_id order by touched_at asc, person_id asc) = 1

)

select * from final
