-- One row per check: what went in stands beside what came out. A difference beyond its tolerance fails
-- the gate where the check is `blocking`; the others tell what the definitions do not cover yet.
with

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

spend_in as (

    select platform, sum(spend) as spend
    from {{ ref('int_ad_reports_unioned') }}
    where is_daily
    group by platform

),

-- In another level, or in an older export, of an account and day.
spend_left_out as (

    select platform, sum(spend) as spend
    from {{ ref('int_ad_reports_chosen') }}
    where is_daily and not is_counted
    group by platform

),

spend_out as (

    select platform, sum(spend_original) as spend
    from {{ ref('fct_ad_performance_daily') }}
    group by platform

),

staged_records as (

    select count(*) as n from {{ ref('int_records_unioned') }}

),

assigned_records as (

    select
        count(*) as n,
        count(distinct person_id) as persons
    from {{ ref('int_person_records') }}

),

persons as (

    select
        count(*) as n,
        count(case when is_excluded then 1 end) as excluded
    from {{ ref('dim_person') }}

),

funnel_persons as (

    select count(distinct entries.person_id) as n
    from {{ ref('fct_funnel_stages') }} as entries
    inner join {{ ref('dim_person') }} as persons
        on entries.person_id = persons.person_id
    where not entries.via_account and persons.created_at is not null

),

undated_persons as (

    select count(*) as n
    from {{ ref('dim_person') }}
    where created_at is null and not is_excluded

),

staged_opportunities as (

    select
        count(*) as n,
        count(case when is_deleted then 1 end) as deleted
    from {{ ref('int_opportunities_unioned') }}

),

opportunities as (

    select
        count(*) as n,
        sum(case when status = 'won' and kind != 'refund' then amount else 0 end) as won_amount,
        count(case when amount_original is not null and amount is null then 1 end) as rates_missing
    from {{ ref('fct_opportunities') }}

),

undated_deals as (

    select
        count(case when status != 'open' then 1 end) as closed,
        count(case when status != 'open' and close_date is not null then 1 end) as dated
    from {{ ref('fct_opportunities') }}

),

known_cost_types as (

    select distinct cost_type from {{ source('definitions', 'cac_cost_types') }}

),

wins as (

    select
        count(*) as n,
        count(account_id) as with_account
    from {{ ref('fct_opportunities') }}
    where status = 'won' and kind != 'refund'

),

email_events as (

    select
        count(*) as n,
        count(
            case
                when event in ('sent', 'delivered', 'open', 'click', 'bounce', 'unsubscribe', 'complaint')
                    then 1
            end
        ) as known
    from {{ ref('int_email_events') }}

),

revenue_accounts as (

    select
        coalesce(sum(revenue), 0) as revenue,
        coalesce(sum(case when account_id != 'unattributed' then revenue else 0 end), 0) as with_account
    from {{ ref('fct_revenue') }}

),

ledger_types as (

    select
        sum(costs.amount) as amount,
        sum(case when cost_types.cost_type is not null then costs.amount else 0 end) as amount_known
    from {{ ref('fct_costs') }} as costs
    left join known_cost_types as cost_types
        on costs.cost_type = cost_types.cost_type

),

bookings as (

    select sum(case when event = 'won' and sequence_number = 0 then amount else 0 end) as won_amount
    from {{ ref('fct_bookings') }}

),

stage_changes as (

    select
        events.source_system,
        events.source_stage,
        records.record_id is null as is_record_unknown,
        coalesce(stage_map.stage, ladder.stage) is null as is_stage_unmapped

    from {{ ref('int_stage_changes_unioned') }} as events

    cross join settings

    left join {{ ref('int_person_records') }} as records
        on events.record_id = records.record_id

    left join {{ source('definitions', 'stage_map') }} as stage_map
        on
            events.source_system = stage_map.source_system
            and lower(events.source_stage) = lower(stage_map.source_stage)
            and {{ in_force('stage_map', local_date('events.changed_at', 'settings.reporting_timezone')) }}

    left join {{ ref('int_ladder') }} as ladder
        on
            lower(events.source_stage) = ladder.stage
            and ladder.stage not in ('opportunity', 'won', 'lost')

),

stage_change_counts as (

    select
        count(*) as n,
        count(case when is_record_unknown then 1 end) as records_unknown,
        count(case when is_stage_unmapped then 1 end) as stages_unmapped
    from stage_changes

),

-- Without a history, and with one export alone, nobody knows since when a lead has its status.
lead_statuses as (

    select
        count(distinct leads.lead_id) as n,
        count(distinct changes.lead_id) as dated

    from {{ ref('int_salesforce_leads') }} as leads

    inner join {{ source('definitions', 'stage_map') }} as stage_map
        on
            stage_map.source_system = 'salesforce'
            and lower(leads.status) = lower(stage_map.source_stage)
            and stage_map.stage != 'none'

    left join {{ ref('int_salesforce_lead_changes') }} as changes
        on
            leads.lead_id = changes.lead_id
            and leads.status = changes.status

    where not leads.is_deleted

),

-- Today's stage alone does not say since when: no date, no entry in the funnel.
lifecycle_stages as (

    select
        count(distinct contacts.contact_id) as n,
        count(distinct changes.contact_id) as dated

    from {{ ref('int_hubspot_contacts') }} as contacts

    inner join {{ source('definitions', 'stage_map') }} as stage_map
        on
            stage_map.source_system = 'hubspot'
            and lower(contacts.lifecycle_stage) = lower(stage_map.source_stage)
            and stage_map.stage != 'none'

    left join {{ ref('int_hubspot_lifecycle_changes') }} as changes
        on contacts.contact_id = changes.contact_id

    where not contacts.is_deleted

),

deal_stages as (

    select
        count(*) as n,
        count(case when is_stage_known then 1 end) as known
    from {{ ref('int_hubspot_deals') }}
    where not is_deleted

),

staged_revenue as (

    select
        sum(case when lower(kind) = 'credit_note' then -abs(revenue) else revenue end) as revenue
    from {{ ref('stg_generic__orders') }}
    where deleted_at is null

    union all

    select sum(revenue) from {{ ref('int_shopify_lines') }}

    union all

    select sum(revenue) from {{ ref('int_stripe_lines') }}

),

revenue_in as (

    select sum(revenue) as revenue
    from staged_revenue

),

shop_order_parts as (

    select
        source_system,
        order_id,
        sum(revenue) as revenue
    from {{ ref('int_shopify_lines') }}
    where kind = 'order'
    group by source_system, order_id

),

shop_orders as (

    select
        count(*) as n,
        count(shop_order_parts.order_id) as counted,
        sum(
            case
                when shop_order_parts.order_id is not null
                    then orders.total - coalesce(orders.taxes, 0) - coalesce(orders.duties, 0)
            end
        ) as net_total,
        sum(shop_order_parts.revenue) as revenue
    from {{ ref('stg_shopify__orders') }} as orders
    left join shop_order_parts
        on
            orders.source_system = shop_order_parts.source_system
            and orders.order_name = shop_order_parts.order_id
    where orders.total is not null

),

headed_shop_orders as (

    select distinct
        source_system,
        order_name
    from {{ ref('stg_shopify__orders') }}
    where total is not null

),

shop_order_rows as (

    select
        count(*) as n,
        count(headed_shop_orders.order_name) as headed
    from {{ ref('stg_shopify__orders') }} as orders
    left join headed_shop_orders
        on
            orders.source_system = headed_shop_orders.source_system
            and orders.order_name = headed_shop_orders.order_name

),

staged_stripe_invoices as (

    select invoice_id
    from {{ ref('stg_stripe__invoices') }}
    where deleted_at is null

    union distinct

    select invoice_id
    from {{ ref('stg_stripe__api_invoices') }}
    where deleted_at is null

),

stripe_invoices as (

    select
        count(*) as n,
        count(lines.order_id) as issued
    from staged_stripe_invoices
    left join {{ ref('int_stripe_lines') }} as lines
        on staged_stripe_invoices.invoice_id = lines.order_id

),

subscriptions as (

    select
        count(*) as n,
        count(monthly_amount) as with_amount
    from {{ ref('int_subscriptions') }}

),

revenue as (

    select
        sum(revenue_original) as revenue,
        count(case when revenue_original is not null and revenue is null then 1 end) as rates_missing
    from {{ ref('fct_revenue') }}

),

costs as (

    select
        sum(case when cost_type = 'media' then amount else 0 end) as media,
        sum(rates_missing) as rates_missing
    from {{ ref('int_costs') }}

),

ledger_media as (

    select sum(case when lower(cost_type) = 'media' then amount else 0 end) as media
    from {{ ref('stg_generic__costs') }}

),

channel_spend as (

    select sum(spend) as spend
    from {{ ref('fct_ad_performance_daily') }}

),

message_pairs as (

    select distinct
        source_system,
        campaign_id,
        recipient_id
    from {{ ref('int_email_events') }}

),

staged_messages as (

    select count(*) as n from message_pairs

),

messages as (

    select count(*) as n from {{ ref('fct_email_messages') }}

),

campaign_totals as (

    select
        count(*) as n,
        count(case when message_channel = 'email' then 1 end) as emails
    from {{ ref('int_email_campaign_totals') }}

),

web_reports as (

    select count(*) as n from {{ ref('stg_ga4__traffic_period') }}

    union all

    select count(*) from {{ ref('stg_ga4__events_period') }}

),

undated_web_reports as (

    select sum(n) as n from web_reports

),

touch_logs as (

    select count(*) as n
    from {{ ref('stg_generic__touchpoints') }}
    where not coalesce(is_machine, false)

),

logged_touches as (

    select count(*) as n from {{ ref('int_touchpoints') }}

),

known_products as (

    select lower(product_id) as product
    from {{ ref('stg_generic__products') }}

    union

    select lower(product)
    from {{ ref('stg_generic__products') }}

),

lines as (

    select
        line_items.amount,
        known_products.product is null as is_product_unknown

    from {{ ref('stg_generic__line_items') }} as line_items

    left join known_products
        on lower(line_items.product) = known_products.product

),

line_sums as (

    select
        coalesce(sum(amount), 0) as amount,
        coalesce(sum(case when not is_product_unknown then amount else 0 end), 0) as amount_known
    from lines

),

unmapped as (

    select
        count(*) as n,
        count(case when channel != 'unmapped' then 1 end) as mapped
    from {{ ref('dim_person') }}
    where not is_excluded

),

files as (

    select
        coalesce(sum(rows + rejected), 0) as records,
        coalesce(sum(rows), 0) as accepted
    from {{ source('plumbline', 'files') }}

),

checks as (

    select
        'ad_spend_' || spend_in.platform as check_name,
        'staged spend that counts once' as left_name,
        spend_in.spend - coalesce(spend_left_out.spend, 0) as left_value,
        'spend in fct_ad_performance_daily' as right_name,
        spend_out.spend as right_value,
        0.00 as tolerance,
        true as is_blocking
    from spend_in
    left join spend_left_out
        on spend_in.platform = spend_left_out.platform
    left join spend_out
        on spend_in.platform = spend_out.platform

    union all

    select
        'ad_spend_reported_twice_' || spend_in.platform, 'staged ad spend', spend_in.spend,
        'counted, as another level or a newer export has the same days',
        spend_in.spend - coalesce(spend_left_out.spend, 0), 0.00, false
    from spend_in
    left join spend_left_out
        on spend_in.platform = spend_left_out.platform

    union all

    select
        'ad_spend_in_costs', 'spend in fct_ad_performance_daily', channel_spend.spend, 'media in fct_costs',
        costs.media, 0.00, true
    from channel_spend cross join costs

    union all

    select
        'records_in_persons', 'staged person records', staged_records.n, 'records with a person',
        assigned_records.n, 0.00, true
    from staged_records cross join assigned_records

    union all

    select 'persons_in_dimension', 'persons', assigned_records.persons, 'rows of dim_person', persons.n, 0.00, true
    from assigned_records cross join persons

    union all

    select
        'persons_in_funnel', 'persons not excluded, with a date',
        persons.n - persons.excluded - undated_persons.n, 'persons in fct_funnel_stages', funnel_persons.n, 0.00, true
    from persons cross join funnel_persons cross join undated_persons

    union all

    select
        'opportunities', 'staged opportunities less deleted', staged_opportunities.n - staged_opportunities.deleted,
        'rows of fct_opportunities', opportunities.n, 0.00, true
    from staged_opportunities cross join opportunities

    union all

    select
        'won_in_bookings', 'won in fct_opportunities', opportunities.won_amount, 'won in fct_bookings',
        bookings.won_amount, 0.00, true
    from opportunities cross join bookings

    union all

    select
        'revenue', 'staged revenue, credit notes negative', revenue_in.revenue, 'revenue in fct_revenue',
        revenue.revenue, 0.00, true
    from revenue_in cross join revenue

    union all

    select 'shop_orders', 'net totals of shop orders', net_total, 'their lines, shipping included', revenue, 0.00, true
    from shop_orders

    union all

    select 'shop_orders_left_out', 'shop orders', n, 'paid or to be paid', counted, 0.00, false
    from shop_orders

    union all

    select 'shop_rows_cut_off', 'rows of shop orders', n, 'with the first row of their order', headed, 0.00, false
    from shop_order_rows

    union all

    select 'stripe_invoices_left_out', 'Stripe invoices', n, 'issued', issued, 0.00, false
    from stripe_invoices

    union all

    select 'subscriptions_without_amount', 'subscriptions', n, 'of a known amount', with_amount, 0.00, false
    from subscriptions

    union all

    select
        'email_messages', 'staged campaign and recipient pairs', staged_messages.n,
        'rows of fct_email_messages', messages.n, 0.00, true
    from staged_messages cross join messages

    union all

    select
        'fx_coverage', 'amounts without an exchange rate',
        opportunities.rates_missing + revenue.rates_missing + costs.rates_missing, 'expected', 0, 0.00, true
    from opportunities cross join revenue cross join costs

    union all

    select
        'stage_changes_of_unknown_records', 'staged stage changes', n, 'of a known record',
        n - records_unknown, 0.00, false
    from stage_change_counts

    union all

    select
        'stage_changes_unmapped', 'staged stage changes', n, 'with a stage in the stage map',
        n - stages_unmapped, 0.00, false
    from stage_change_counts

    union all

    select
        'deal_stages_unmapped', 'HubSpot deals', n, 'in a stage that is known to be open, won or lost', known,
        0.00, false
    from deal_stages

    union all

    select
        'lead_statuses_undated', 'Salesforce leads in a stage of the funnel', n,
        'dated: export LeadHistory, too', dated, 0.00, false
    from lead_statuses

    union all

    select
        'lifecycle_stages_undated', 'HubSpot contacts in a stage of the funnel', n,
        'dated: export the columns Became a ... Date, too', dated, 0.00, false
    from lifecycle_stages

    union all

    select 'channels_unmapped', 'persons', n, 'with a mapped channel', mapped, 0.00, false
    from unmapped

    union all

    select 'deals_closed_without_a_date', 'deals won or lost', closed, 'with a close date', dated, 0.00, false
    from undated_deals

    union all

    select 'wins_without_account', 'wins', n, 'of a known account or person', with_account, 0.00, false
    from wins

    union all

    select 'revenue_without_account', 'revenue', revenue, 'of a known account or buyer', with_account, 0.00, false
    from revenue_accounts

    union all

    select 'email_events_unknown', 'e-mail events', n, 'of a known kind', known, 0.00, false
    from email_events

    union all

    select 'campaigns_not_by_email', 'campaigns in reports of totals', n, 'sent by e-mail', emails, 0.00, false
    from campaign_totals

    union all

    select 'web_reports_without_a_day', 'rows of web reports of a whole period, left out', n, 'expected', 0, 0.00, false
    from undated_web_reports

    union all

    select
        'touches_of_unknown_people', 'staged touches', touch_logs.n, 'of a known person', logged_touches.n, 0.00,
        false
    from touch_logs cross join logged_touches

    union all

    select 'cost_types_in_no_cac', 'costs', amount, 'of a type that some CAC holds', amount_known, 0.00, false
    from ledger_types

    union all

    select 'products_unknown', 'amount of opportunity lines', amount, 'of a listed product', amount_known, 0.00, false
    from line_sums

    union all

    select 'media_in_cost_ledger', 'media in the cost ledger, left out', media, 'expected', 0, 0.00, false
    from ledger_media

    union all

    select 'rows_rejected', 'records in loaded files', records, 'rows that fit', accepted, 0.00, false
    from files

)

select
    check_name,
    left_name,
    right_name,
    cast(coalesce(left_value, 0) as decimal(18, 2)) as left_value,
    cast(coalesce(right_value, 0) as decimal(18, 2)) as right_value,
    cast(coalesce(left_value, 0) - coalesce(right_value, 0) as decimal(18, 2)) as difference,
    cast(tolerance as decimal(18, 2)) as tolerance,
    is_blocking,
    case
        when abs(coalesce(left_value, 0) - coalesce(right_value, 0)) <= tolerance then 'ok'
        when is_blocking then 'failed'
        else 'noted'
    end as status

from checks
