-- One row per e-mail campaign, from reports that hold totals only.
select
    campaign_id,
    sent,
    delivered,
    opens_raw,
    clicks_raw,
    unsubscribes,
    complaints,
    has_results,
    sent_at

from {{ ref('int_email_campaign_totals') }}

where message_channel = 'email'
