-- One row per campaign, from reports that hold totals only.
select
    'mailchimp:' || campaign_id as campaign_id,
    recipients as sent,
    delivered,
    unique_opens as opens_raw,
    unique_clicks as clicks_raw,
    unsubscribes,
    complaints,
    sent_at

from {{ ref('stg_mailchimp__campaign_reports') }}
