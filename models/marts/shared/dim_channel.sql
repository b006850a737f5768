-- One row per channel, the named buckets for what is unknown among them.
select
    channel,
    channel_group,
    is_paid,
    is_marketing

from {{ source('definitions', 'channels') }}
