-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "BehaviourType" AS ENUM ('VIEW', 'SEARCH', 'FAVOURITE', 'ADD_TO_CART', 'REMOVE_FROM_CART', 'PURCHASE', 'REFUND', 'RATING');

-- CreateTable
CREATE TABLE "shops" (
    "id" SERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "shops_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" SERIAL NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "external_id" TEXT NOT NULL,
    "attributes" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "items" (
    "id" SERIAL NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "external_id" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "category" TEXT[],
    "price" DECIMAL(18,4),
    "currency" TEXT,
    "available" BOOLEAN NOT NULL DEFAULT true,
    "image_url" TEXT,
    "attributes" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "items_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "behaviours" (
    "user_id" INTEGER NOT NULL,
    "event_id" TEXT NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "item_id" INTEGER,
    "type" "BehaviourType" NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "session_id" TEXT,
    "quantity" INTEGER,
    "value" DECIMAL(18,4),
    "context" JSONB,

    CONSTRAINT "behaviours_pkey" PRIMARY KEY ("user_id","event_id")
);

-- CreateTable
CREATE TABLE "transactions" (
    "user_id" INTEGER NOT NULL,
    "external_id" TEXT NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "amount" DECIMAL(18,4) NOT NULL,
    "currency" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "lines" JSONB NOT NULL DEFAULT '[]',
    "payment_method" TEXT,
    "device_id" TEXT,
    "ip_country" TEXT,
    "billing_country" TEXT,
    "shipping_country" TEXT,
    "is_fraud" BOOLEAN,

    CONSTRAINT "transactions_pkey" PRIMARY KEY ("user_id","external_id")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'QUEUED',
    "progress" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "tasks" TEXT[],
    "config" JSONB NOT NULL DEFAULT '{}',
    "seed" INTEGER NOT NULL,
    "error" JSONB,
    "model_version_id" UUID,
    "cancel_requested" BOOLEAN NOT NULL DEFAULT false,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "heartbeat_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_checkpoints" (
    "run_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "run_checkpoints_pkey" PRIMARY KEY ("run_id","name")
);

-- CreateTable
CREATE TABLE "epoch_metrics" (
    "id" BIGSERIAL NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "run_id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "task" TEXT,
    "train_loss" DOUBLE PRECISION NOT NULL,
    "validation_loss" DOUBLE PRECISION,

    CONSTRAINT "epoch_metrics_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "evaluations" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "run_id" UUID NOT NULL,
    "model_version_id" UUID,
    "family" TEXT NOT NULL,
    "architecture" TEXT NOT NULL,
    "is_served" BOOLEAN NOT NULL DEFAULT false,
    "task" TEXT NOT NULL,
    "split" TEXT NOT NULL,
    "protocol" TEXT NOT NULL,
    "examples" INTEGER NOT NULL,
    "loss" DOUBLE PRECISION NOT NULL,
    "metrics" JSONB NOT NULL,
    "confusion_matrix" JSONB,
    "curves" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "evaluations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "model_versions" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "run_id" UUID NOT NULL,
    "content_hash" TEXT NOT NULL,
    "tasks" TEXT[],
    "architecture" TEXT NOT NULL,
    "data_until" TIMESTAMPTZ(3) NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "manifest" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_versions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployments" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "model_version_id" UUID NOT NULL,
    "tasks" TEXT[],
    "traffic_share" DOUBLE PRECISION NOT NULL DEFAULT 1,
    "previous_id" UUID,
    "deployed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "deployments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "impressions" (
    "user_key" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "item_id" INTEGER NOT NULL,
    "model_version_id" UUID NOT NULL,
    "rank" INTEGER NOT NULL,
    "score" DOUBLE PRECISION NOT NULL,
    "reason" TEXT NOT NULL,
    "shown_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "impressions_pkey" PRIMARY KEY ("user_key","id")
);

-- CreateTable
CREATE TABLE "feedback" (
    "user_key" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "impression_id" UUID,
    "item_id" INTEGER,
    "kind" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "feedback_pkey" PRIMARY KEY ("user_key","event_id")
);

-- CreateTable
CREATE TABLE "alerts" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "value" DOUBLE PRECISION,
    "threshold" DOUBLE PRECISION,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alerts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "erasures" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "erased_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed" JSONB NOT NULL,
    "model_version_ids" TEXT[],

    CONSTRAINT "erasures_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "shops_key_key" ON "shops"("key");

-- CreateIndex
CREATE UNIQUE INDEX "users_shop_id_external_id_key" ON "users"("shop_id", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "items_shop_id_external_id_key" ON "items"("shop_id", "external_id");

-- CreateIndex
CREATE INDEX "behaviours_user_id_occurred_at_idx" ON "behaviours"("user_id", "occurred_at");

-- CreateIndex
CREATE INDEX "behaviours_shop_id_occurred_at_idx" ON "behaviours"("shop_id", "occurred_at");

-- CreateIndex
CREATE INDEX "behaviours_item_id_occurred_at_idx" ON "behaviours"("item_id", "occurred_at");

-- CreateIndex
CREATE INDEX "transactions_user_id_occurred_at_idx" ON "transactions"("user_id", "occurred_at");

-- CreateIndex
CREATE INDEX "transactions_shop_id_occurred_at_idx" ON "transactions"("shop_id", "occurred_at");

-- CreateIndex
CREATE INDEX "runs_shop_id_created_at_idx" ON "runs"("shop_id", "created_at");

-- CreateIndex
CREATE INDEX "epoch_metrics_run_id_model_epoch_idx" ON "epoch_metrics"("run_id", "model", "epoch");

-- CreateIndex
CREATE INDEX "evaluations_run_id_idx" ON "evaluations"("run_id");

-- CreateIndex
CREATE INDEX "evaluations_model_version_id_idx" ON "evaluations"("model_version_id");

-- CreateIndex
CREATE INDEX "model_versions_shop_id_created_at_idx" ON "model_versions"("shop_id", "created_at");

-- CreateIndex
CREATE INDEX "deployments_shop_id_deployed_at_idx" ON "deployments"("shop_id", "deployed_at");

-- CreateIndex
CREATE INDEX "impressions_shop_id_shown_at_idx" ON "impressions"("shop_id", "shown_at");

-- CreateIndex
CREATE INDEX "feedback_shop_id_occurred_at_idx" ON "feedback"("shop_id", "occurred_at");

-- CreateIndex
CREATE INDEX "alerts_shop_id_created_at_idx" ON "alerts"("shop_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");


-- Row-level security: a connection sees the rows of the shop that it was opened for, whatever the statement.
-- FORCE, so that the tables' owner is held too. `tandem.shop_id` is set when a connection is opened.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['users', 'items', 'behaviours', 'transactions', 'runs', 'run_checkpoints', 'epoch_metrics', 'evaluations',
                              'model_versions', 'deployments', 'impressions', 'feedback', 'alerts', 'erasures', 'api_keys']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY %I ON %I USING (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int) '
      'WITH CHECK (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int)', name || '_of_shop', name);
  END LOOP;
END $$;

-- The role that the application works as where it connects as a superuser, whom row-level security does not hold.
DO $$
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tandem_app') THEN
      BEGIN
        CREATE ROLE tandem_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- made in the same moment for another database of this server
      END;
    END IF;
    GRANT USAGE ON SCHEMA public TO tandem_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tandem_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO tandem_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tandem_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO tandem_app;
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO tandem_app', current_database());
  END IF;
END $$;

INSERT INTO "shops" ("key", "name") VALUES ('default', 'Default shop');

-- A key is looked up by its hash before the shop is known: this function alone sees all shops' keys.
CREATE FUNCTION find_api_key(key_hash text) RETURNS TABLE (shop_key text, role text, name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  shop record;
BEGIN
  FOR shop IN SELECT s.id, s.key FROM shops s LOOP
    PERFORM set_config('tandem.shop_id', shop.id::text, true);
    RETURN QUERY SELECT shop.key::text, k.role, k.name FROM api_keys k WHERE k.shop_id = shop.id AND k.hash = key_hash AND k.revoked_at IS NULL;
  END LOOP;
END $$;
