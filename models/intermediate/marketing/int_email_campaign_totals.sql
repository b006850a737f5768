-- One row per campaign that a report or a list of campaigns tells of, whatever carried it. A report
-- with results wins over a bare list, the newest of several reports over the others.
with

mailchimp_reports as (

    select * from {{ ref('stg_mailchimp__campaign_reports') }}

),

mailchimp_campaigns as (

    select * from {{ ref('stg_mailchimp__campaigns') }}

),

klaviyo_campaigns as (

    select * from {{ ref('stg_klaviyo__campaigns') }}

),

generic_totals as (

    select * from {{ ref('stg_generic__email_campaign_totals') }}

),

unioned as (

    select
        'mailchimp:' || campaign_id as campaign_id,
        'mailchimp' as source_system,
        campaign_name,
        'email' as message_channel,
        recipients as sent,
        delivered,
        unique_opens as opens_raw,
        unique_clicks as clicks_raw,
        unsubscribes,
        complaints,
        true as has_results,
        sent_at,
        exported_at

    from mailchimp_reports

    union all

    select
        'mailchimp:' || campaign_id,
        'mailchimp',
        campaign_name,
        'email',
        recipients,
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        false,
        sent_at,
        exported_at

    from mailchimp_campaigns

    union all

    -- Older exports have no id: then its name and time tell a campaign.
    select
        'klaviyo:' || coalesce(campaign_id, campaign_name || ' ' || cast(sent_at as varchar)),
        'klaviyo',
        campaign_name,
        message_channel,
        recipients,
        delivered,
        unique_opens,
        unique_clicks,
        unsubscribes,
        complaints,
        true,
        sent_at,
        exported_at

    from klaviyo_campaigns

    union all

    select
        source_system || ':' || campaign_id,
        source_system,
        campaign_name,
        lower(message_channel),
        recipients,
        coalesce(delivered, recipients - bounces),
        unique_opens,
        unique_clicks,
        unsubscribes,
        complaints,
        coalesce(delivered, bounces, unique_opens, unique_clicks) is not null,
        sent_at,
        exported_at

    from generic_totals

),

newest as (

    select *

    from unioned

    qualify row_number() over (
        partition by campaign_id
        order by has_results desc, exported_at desc, campaign_name asc
    ) = 1

)

select * from newest
