-- The growing tables are parted by quarters of their time (docs/decisions/005). PostgreSQL wants the time in every unique key of such a
-- table; that an event id is stored once whatever its time, tables of keys beside them see to. Rows there are are moved.

-- The owner is held by row-level security too; here it moves the rows of all shops.
ALTER TABLE "behaviours" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "transactions" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "impressions" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "feedback" NO FORCE ROW LEVEL SECURITY;

ALTER TABLE "behaviours" RENAME TO "behaviours_whole";
ALTER TABLE "transactions" RENAME TO "transactions_whole";
ALTER TABLE "impressions" RENAME TO "impressions_whole";
ALTER TABLE "feedback" RENAME TO "feedback_whole";

CREATE TABLE "behaviours" (LIKE "behaviours_whole" INCLUDING DEFAULTS) PARTITION BY RANGE ("occurred_at");
CREATE TABLE "transactions" (LIKE "transactions_whole" INCLUDING DEFAULTS) PARTITION BY RANGE ("occurred_at");
CREATE TABLE "impressions" (LIKE "impressions_whole" INCLUDING DEFAULTS) PARTITION BY RANGE ("shown_at");
CREATE TABLE "feedback" (LIKE "feedback_whole" INCLUDING DEFAULTS) PARTITION BY RANGE ("occurred_at");

-- CreateTable
CREATE TABLE "behaviour_keys" (
    "user_id" INTEGER NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "event_id" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "transaction_keys" (
    "user_id" INTEGER NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "external_id" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "feedback_keys" (
    "user_key" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "shop_id" INTEGER NOT NULL
);

-- Makes the partition that holds a time, with the same policy as its parent, unless it is there. Readers and writers of the parent go on
-- meanwhile, but where a default partition is: that must be read whole, and is let alone when it is in use.
--
-- No more than 80 of them, or a shop's wrong clock would cost every statement of all shops: further times lie in the default partition.
-- The quarters around today are always made.
--
-- Returns whether the partition is there; if not, the default partition is.
CREATE FUNCTION add_partition(parent text, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  quarter timestamp := date_trunc('quarter', moment AT TIME ZONE 'UTC');
  starts timestamptz := quarter AT TIME ZONE 'UTC';
  ends timestamptz := (quarter + interval '3 months') AT TIME ZONE 'UTC';
  part text := parent || to_char(quarter, '"_"YYYY"q"Q');
  rest text := parent || '_default';
  is_near boolean := moment BETWEEN now() - interval '100 days' AND now() + interval '100 days';
  time_column text;
  has_rest boolean := false;
BEGIN
  IF parent NOT IN ('behaviours', 'transactions', 'impressions', 'feedback') THEN
    RAISE EXCEPTION 'add_partition: % is no table in partitions', parent;
  END IF;
  IF to_regclass(part) IS NOT NULL THEN
    RETURN true;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('tandem.partitions'), hashtext(parent));
  -- Somebody else may have made it meanwhile. Asked of the catalogue itself: what to_regclass did not find it remembers for a while.
  IF EXISTS (SELECT FROM pg_class WHERE relname = part AND relispartition) THEN
    RETURN true;
  END IF;
  has_rest := EXISTS (SELECT FROM pg_class WHERE relname = rest AND relispartition);
  IF NOT is_near AND (SELECT count(*) >= 80 FROM pg_inherits WHERE inhparent = to_regclass(parent)) THEN
    IF NOT has_rest THEN
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', rest, parent);
      PERFORM secure_partition(rest);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', parent, rest);
    END IF;
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
  IF has_rest THEN
    time_column := CASE parent WHEN 'impressions' THEN 'shown_at' ELSE 'occurred_at' END;
    EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', rest);
    EXECUTE format('WITH gone AS (DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *) INSERT INTO %5$I SELECT * FROM gone',
      rest, time_column, starts, ends, part);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', rest);
  END IF;
  PERFORM secure_partition(part);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, starts, ends);
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  IF NOT has_rest THEN
    RAISE;
  END IF;
  RETURN false;
END $$;

-- Who names a partition itself sees the rows of the shop alone, as through the parent.
CREATE FUNCTION secure_partition(part text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
  EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
  EXECUTE format(
    'CREATE POLICY %I ON %I USING (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int) '
    'WITH CHECK (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int)', part || '_of_shop', part);
END $$;

-- Drops a partition that holds rows of no other shop, and forgets the keys of its rows; with `only_empty` one without any rows.
--
-- Returns one row, what went, where it was dropped; none where a shop has rows that must stay, or where statements in progress do not let
-- go of the table for two seconds.
CREATE FUNCTION drop_partition(parent text, part text, only_empty boolean)
RETURNS TABLE (dropped_rows bigint, from_at timestamptz, to_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  own text := nullif(current_setting('tandem.shop_id', true), '');
  time_column text := CASE parent WHEN 'impressions' THEN 'shown_at' ELSE 'occurred_at' END;
  is_same_key text := CASE parent
    WHEN 'behaviours' THEN 'behaviour_keys k USING %I p WHERE k.user_id = p.user_id AND k.event_id = p.event_id'
    WHEN 'transactions' THEN 'transaction_keys k USING %I p WHERE k.user_id = p.user_id AND k.external_id = p.external_id'
    WHEN 'feedback' THEN 'feedback_keys k USING %I p WHERE k.user_key = p.user_key AND k.event_id = p.event_id AND k.shop_id = p.shop_id' END;
  shop record;
  is_used boolean := false;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(quote_ident(part)) AND inhparent = to_regclass(quote_ident(parent))) THEN
    RETURN; -- dropped in the same moment
  END IF;
  EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', part);
  FOR shop IN SELECT id FROM shops WHERE only_empty OR id::text IS DISTINCT FROM own LOOP
    PERFORM set_config('tandem.shop_id', shop.id::text, true);
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE shop_id = $1)', part) INTO is_used USING shop.id;
    EXIT WHEN is_used;
  END LOOP;
  PERFORM set_config('tandem.shop_id', coalesce(own, ''), true);
  IF is_used THEN
    RETURN;
  END IF;
  EXECUTE format('SELECT count(*), min(%I), max(%1$I) FROM %2$I', time_column, part) INTO dropped_rows, from_at, to_at;
  IF is_same_key IS NOT NULL AND dropped_rows > 0 THEN
    EXECUTE format('DELETE FROM ' || is_same_key, part);
  END IF;
  EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, part);
  EXECUTE format('DROP TABLE %I', part);
  RETURN NEXT;
EXCEPTION WHEN lock_not_available THEN
  RETURN;
END $$;

-- Statistics of a table in partitions are of the whole only where somebody asks for them; once a day is enough.
CREATE FUNCTION analyze_partitioned() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  parent text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['behaviours', 'transactions', 'impressions', 'feedback'] LOOP
    IF NOT EXISTS (SELECT FROM pg_stat_all_tables WHERE relid = to_regclass(parent) AND last_analyze > now() - interval '1 day') THEN
      EXECUTE format('ANALYZE %I', parent);
    END IF;
  END LOOP;
EXCEPTION WHEN lock_not_available THEN
  NULL; -- the next night
END $$;

-- The functions are the application's alone: they act with the owner's rights.
REVOKE ALL ON FUNCTION add_partition, drop_partition, analyze_partitioned, secure_partition FROM PUBLIC;
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tandem_app') AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    GRANT EXECUTE ON FUNCTION add_partition, drop_partition, analyze_partitioned TO tandem_app;
  END IF;
END $$;

SELECT add_partition('behaviours', at) FROM (SELECT DISTINCT date_trunc('quarter', occurred_at, 'UTC') AS at FROM behaviours_whole) t ORDER BY at DESC;
SELECT add_partition('transactions', at) FROM (SELECT DISTINCT date_trunc('quarter', occurred_at, 'UTC') AS at FROM transactions_whole) t ORDER BY at DESC;
SELECT add_partition('impressions', at) FROM (SELECT DISTINCT date_trunc('quarter', shown_at, 'UTC') AS at FROM impressions_whole) t ORDER BY at DESC;
SELECT add_partition('feedback', at) FROM (SELECT DISTINCT date_trunc('quarter', occurred_at, 'UTC') AS at FROM feedback_whole) t ORDER BY at DESC;

-- In the order of the key, as neighbours lie on one page; the columns of both are the same, in the same order.
DO $$
DECLARE
  part regclass;
BEGIN
  -- The parents have no policy yet; their partitions have.
  FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent IN
      ('behaviours'::regclass, 'transactions'::regclass, 'impressions'::regclass, 'feedback'::regclass) LOOP
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', part);
  END LOOP;
END $$;
INSERT INTO "behaviours" SELECT * FROM "behaviours_whole" ORDER BY "user_id", "occurred_at";
INSERT INTO "transactions" SELECT * FROM "transactions_whole" ORDER BY "user_id", "occurred_at";
INSERT INTO "impressions" SELECT * FROM "impressions_whole" ORDER BY "user_key", "shown_at";
INSERT INTO "feedback" SELECT * FROM "feedback_whole" ORDER BY "user_key", "occurred_at";
INSERT INTO "behaviour_keys" SELECT "user_id", "shop_id", "event_id" FROM "behaviours_whole" ORDER BY "user_id", "event_id";
INSERT INTO "transaction_keys" SELECT "user_id", "shop_id", "occurred_at", "external_id" FROM "transactions_whole" ORDER BY "user_id", "external_id";
INSERT INTO "feedback_keys" SELECT "user_key", "event_id", "shop_id" FROM "feedback_whole" ORDER BY "user_key", "event_id";
DROP TABLE "behaviours_whole", "transactions_whole", "impressions_whole", "feedback_whole";

-- CreateIndex: the time first after the user, so that the key is also the order in which a user's rows are read.
ALTER TABLE "behaviours" ADD CONSTRAINT "behaviours_pkey" PRIMARY KEY ("user_id","occurred_at","event_id");
CREATE INDEX "behaviours_shop_id_occurred_at_idx" ON "behaviours"("shop_id", "occurred_at");
CREATE INDEX "behaviours_item_id_occurred_at_idx" ON "behaviours"("item_id", "occurred_at");
CREATE INDEX "behaviours_stored_tx_idx" ON "behaviours" USING BRIN ("stored_tx");
ALTER TABLE "transactions" ADD CONSTRAINT "transactions_pkey" PRIMARY KEY ("user_id","occurred_at","external_id");
CREATE INDEX "transactions_shop_id_occurred_at_idx" ON "transactions"("shop_id", "occurred_at");
ALTER TABLE "impressions" ADD CONSTRAINT "impressions_pkey" PRIMARY KEY ("user_key","shown_at","id");
CREATE INDEX "impressions_shop_id_shown_at_idx" ON "impressions"("shop_id", "shown_at");
ALTER TABLE "feedback" ADD CONSTRAINT "feedback_pkey" PRIMARY KEY ("user_key","occurred_at","event_id","shop_id");
CREATE INDEX "feedback_shop_id_occurred_at_idx" ON "feedback"("shop_id", "occurred_at");
ALTER TABLE "behaviour_keys" ADD CONSTRAINT "behaviour_keys_pkey" PRIMARY KEY ("user_id","event_id");
ALTER TABLE "transaction_keys" ADD CONSTRAINT "transaction_keys_pkey" PRIMARY KEY ("user_id","external_id");
ALTER TABLE "feedback_keys" ADD CONSTRAINT "feedback_keys_pkey" PRIMARY KEY ("user_key","event_id","shop_id");

-- Row-level security, as for the tables before.
DO $$
DECLARE
  name text;
  part regclass;
BEGIN
  FOREACH name IN ARRAY ARRAY['behaviours', 'transactions', 'impressions', 'feedback', 'behaviour_keys', 'transaction_keys', 'feedback_keys']
  LOOP
    PERFORM secure_partition(name);
  END LOOP;
  FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent IN
      ('behaviours'::regclass, 'transactions'::regclass, 'impressions'::regclass, 'feedback'::regclass) LOOP
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', part);
  END LOOP;
  PERFORM analyze_partitioned();
END $$;
