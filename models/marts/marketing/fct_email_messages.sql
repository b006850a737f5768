-- One row per campaign and recipient.
select
    campaign_id,
    recipient_id,
    person_id,
    bounce_type,
    is_send_logged,
    is_delivered,
    is_opened,
    is_opened_human,
    is_clicked_human,
    is_unsubscribed,
    is_complaint,
    sent_at

from {{ ref('int_email_messages') }}
