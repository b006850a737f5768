with

source as (

    select * from {{ newest(
        'linkedin_page', 'content_daily',
        key=['social_account', 'date_day']
    ) }}

),

renamed as (

    select
        social_account,
        impressions,
        reach,
        likes,
        comments,
        shares,
        clicks,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
