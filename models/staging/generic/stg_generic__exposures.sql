with

source as (

    select * from {{ newest(
        'generic', 'exposures',
        key=['source_system', 'exposed_id', 'channel_source', 'campaign', 'date_day']
    ) }}

),

renamed as (

    select
        exposed_id,
        source_system,
        channel_source,
        campaign,
        impressions,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
