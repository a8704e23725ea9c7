-- CreateTable
CREATE TABLE "source_cursors" (
    "shop_id" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "cursor" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "source_cursors_pkey" PRIMARY KEY ("shop_id","source","resource")
);

-- CreateTable
CREATE TABLE "source_versions" (
    "shop_id" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "version" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "source_versions_pkey" PRIMARY KEY ("shop_id","source","resource","external_id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "shop_id" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "delivery_id" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("shop_id","source","delivery_id")
);

-- CreateTable
CREATE TABLE "crawled_pages" (
    "shop_id" INTEGER NOT NULL,
    "url" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "depth" INTEGER NOT NULL,
    "etag" TEXT,
    "last_modified" TEXT,
    "content_hash" TEXT,
    "item_ids" TEXT[],
    "failures" INTEGER NOT NULL DEFAULT 0,
    "found_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "read_at" TIMESTAMPTZ(3),

    CONSTRAINT "crawled_pages_pkey" PRIMARY KEY ("shop_id","url")
);

-- CreateTable
CREATE TABLE "quarantine_contexts" (
    "shop_id" INTEGER NOT NULL,
    "id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "context" JSONB NOT NULL,

    CONSTRAINT "quarantine_contexts_pkey" PRIMARY KEY ("shop_id","id")
);

-- CreateTable
CREATE TABLE "quarantined_rows" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "context_id" TEXT NOT NULL,
    "line" INTEGER,
    "raw" JSONB NOT NULL,
    "reason" TEXT NOT NULL,
    "user_id" TEXT,
    "fingerprint" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'WAITING',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "quarantined_rows_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_links" (
    "shop_id" INTEGER NOT NULL,
    "alias_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "linked_at" TIMESTAMPTZ(3) NOT NULL,
    "is_applied" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "user_links_pkey" PRIMARY KEY ("shop_id","alias_id","user_id")
);

-- CreateTable
CREATE TABLE "user_aliases" (
    "shop_id" INTEGER NOT NULL,
    "alias_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "last_user_id" INTEGER,
    "applied_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_aliases_pkey" PRIMARY KEY ("shop_id","alias_id")
);

-- CreateIndex
CREATE INDEX "webhook_deliveries_shop_id_received_at_idx" ON "webhook_deliveries"("shop_id", "received_at");

-- CreateIndex
CREATE INDEX "crawled_pages_shop_id_origin_state_idx" ON "crawled_pages"("shop_id", "origin", "state");

-- CreateIndex
CREATE INDEX "quarantined_rows_shop_id_state_created_at_idx" ON "quarantined_rows"("shop_id", "state", "created_at");

-- CreateIndex
CREATE INDEX "quarantined_rows_shop_id_user_id_idx" ON "quarantined_rows"("shop_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "quarantined_rows_shop_id_fingerprint_key" ON "quarantined_rows"("shop_id", "fingerprint");

-- CreateIndex
CREATE INDEX "user_links_shop_id_user_id_idx" ON "user_links"("shop_id", "user_id");

-- CreateIndex
CREATE INDEX "user_links_shop_id_is_applied_idx" ON "user_links"("shop_id", "is_applied");

-- CreateIndex
CREATE INDEX "user_aliases_shop_id_user_id_idx" ON "user_aliases"("shop_id", "user_id");

-- CreateIndex
CREATE INDEX "user_aliases_shop_id_applied_at_idx" ON "user_aliases"("shop_id", "applied_at");


-- Row-level security, as for the tables before.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['source_cursors', 'source_versions', 'webhook_deliveries', 'crawled_pages', 'quarantine_contexts',
                              'quarantined_rows', 'user_links', 'user_aliases']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY %I ON %I USING (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int) '
      'WITH CHECK (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int)', name || '_of_shop', name);
  END LOOP;
END $$;
