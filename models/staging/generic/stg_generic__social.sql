with

source as (

    select * from {{ newest(
        'generic', 'social',
        key=['platform', 'social_account', 'post_id', 'date_day']
    ) }}

),

renamed as (

    select
        platform,
        social_account,
        post_id,
        impressions,
        reach,
        likes,
        comments,
        shares,
        saves,
        clicks,
        followers,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
