with

source as (

    select * from {{ newest(
        'ga4', 'events_period',
        key=['web_property', 'period_start', 'period_end', 'event_name']
    ) }}

),

renamed as (

    select
        web_property,
        event_name,
        events,
        visitors,
        revenue,
        period_start,
        period_end,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
