{{ config(materialized='table') }}

-- One row per row of any platform's reports. Files of several levels, and of several doors (a screen, a
-- connector), hold the same spend: of each account and day, or period, one level of one export counts.
with

reports as (

    select * from {{ ref('int_ad_reports_unioned') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- An account that one export names and another numbers is one, if the name is that of one number alone.
account_names as (

    select
        platform,
        lower(ad_account_name) as ad_account_name,
        min(ad_account) as ad_account

    from reports

    where ad_account is not null and ad_account_name is not null

    group by platform, lower(ad_account_name)

    having count(distinct ad_account) = 1

),

named as (

    select
        reports.*,
        coalesce(reports.ad_account, account_names.ad_account, reports.ad_account_name) as known_account

    from reports

    left join account_names
        on
            reports.platform = account_names.platform
            and lower(reports.ad_account_name) = account_names.ad_account_name

),

-- An export that names no account belongs to the platform's only one in its currency: to count it beside
-- would count the same spend twice.
only_accounts as (

    select
        platform,
        min(known_account) as ad_account,
        min(currency_code) as currency_code

    from named

    where known_account is not null

    group by platform

    having count(distinct known_account) = 1

),

only_accounts_in_a_currency as (

    select
        platform,
        currency_code,
        min(known_account) as ad_account

    from named

    where known_account is not null and currency_code is not null

    group by platform, currency_code

    having count(distinct known_account) = 1

),

located as (

    select
        named.*,
        coalesce(
            named.known_account,
            only_accounts_in_a_currency.ad_account,
            only_accounts.ad_account,
            'unknown'
        ) as account

    from named

    left join only_accounts
        on
            named.platform = only_accounts.platform
            and coalesce(named.currency_code = only_accounts.currency_code, true)

    left join only_accounts_in_a_currency
        on
            named.platform = only_accounts_in_a_currency.platform
            and named.currency_code = only_accounts_in_a_currency.currency_code

),

-- An account has one currency: what one of its exports states holds for those that state none.
account_currencies as (

    select
        platform,
        account,
        min(currency_code) as currency_code

    from located

    where currency_code is not null

    group by platform, account

    having count(distinct currency_code) = 1

),

-- A campaign is known by its id, and by its name only where no export has the id of that name.
campaign_ids as (

    select
        platform,
        account,
        lower(campaign_name) as campaign_name,
        min(campaign_id) as campaign_id

    from located

    where campaign_id is not null and campaign_name is not null

    group by platform, account, lower(campaign_name)

    having count(distinct campaign_id) = 1

),

identified as (

    select
        located.*,
        coalesce(
            located.currency_code, account_currencies.currency_code, settings.reporting_currency
        ) as known_currency,
        coalesce(located.campaign_id, campaign_ids.campaign_id, located.campaign_name, 'unknown') as known_campaign

    from located

    cross join settings

    left join account_currencies
        on located.platform = account_currencies.platform and located.account = account_currencies.account

    left join campaign_ids
        on
            located.platform = campaign_ids.platform
            and located.account = campaign_ids.account
            and lower(located.campaign_name) = campaign_ids.campaign_name

),

-- What is known of an unknown account is that it has one currency.
keyed as (

    select
        platform,
        door,
        level,
        account as ad_account,
        case when account = 'unknown' then 'unknown ' || known_currency else account end as account_key,
        platform || ':' || known_campaign as campaign_id,
        coalesce(campaign_name, campaign_id, 'unknown') as campaign_name,
        coalesce(ad_group_name, '') as ad_group_name,
        coalesce(ad_name, '') as ad_name,
        known_currency as currency_code,
        impressions,
        reach,
        clicks,
        spend,
        platform_conversions,
        is_conversions_only,
        is_daily,
        period_start,
        period_end,
        exported_at

    from identified

),

exports as (

    select
        platform,
        account_key,
        is_daily,
        period_start,
        period_end,
        level,
        door,
        exported_at,
        count(platform_conversions) as rows_with_conversions

    from keyed

    where not is_conversions_only

    group by platform, account_key, is_daily, period_start, period_end, level, door, exported_at

),

chosen as (

    select *
    from exports
    qualify row_number() over (
        partition by platform, account_key, is_daily, period_start, period_end
        order by
            case level when 'campaign' then 1 when 'ad_group' then 2 when 'ad' then 3 else 4 end asc,
            exported_at desc,
            door asc
    ) = 1

),

flagged as (

    select
        keyed.platform,
        keyed.door,
        keyed.ad_account,
        keyed.campaign_id,
        keyed.campaign_name,
        keyed.currency_code,
        keyed.impressions,
        keyed.reach,
        keyed.clicks,
        keyed.spend,
        keyed.platform_conversions,
        keyed.is_daily,
        keyed.period_start,
        keyed.period_end,
        keyed.exported_at,
        -- Conversions that are exported apart join the level that counts, if it has none of its own.
        case when keyed.is_conversions_only then coalesce(chosen.level, keyed.level) else keyed.level end as level,
        case
            when keyed.is_conversions_only and chosen.level in ('account', 'campaign') then '' else keyed.ad_group_name
        end as ad_group_name,
        case
            when keyed.is_conversions_only and chosen.level != 'ad' then '' else keyed.ad_name
        end as ad_name,
        case
            when keyed.is_conversions_only then coalesce(chosen.rows_with_conversions, 0) = 0
            else
                keyed.level = chosen.level
                and keyed.door = chosen.door
                and keyed.exported_at = chosen.exported_at
        end as is_counted

    from keyed

    left join chosen
        on
            keyed.platform = chosen.platform
            and keyed.account_key = chosen.account_key
            and keyed.is_daily = chosen.is_daily
            and keyed.period_start = chosen.period_start
            and keyed.period_end = chosen.period_end

)

select * from flagged
