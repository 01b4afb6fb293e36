-- SPDX-License-Identifier: LGPL-2.1-or-later
-- A database in memory: inserts, an index, joins, sorting, updates. The parameter @count is the number of rows.
CREATE TABLE item (id INTEGER PRIMARY KEY, owner INTEGER, name TEXT, price INTEGER);
CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
	INSERT INTO owner SELECT i, 'owner ' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count)
	INSERT INTO item SELECT i, i * 7919 % 500 + 1, 'item ' || (i * 104729 % 1000003), i * 31 % 997 FROM n;
CREATE INDEX item_name ON item (name);
CREATE INDEX item_owner ON item (owner, price);
SELECT owner.name, count(*), sum(price) FROM item JOIN owner ON owner.id = item.owner GROUP BY owner.id ORDER BY 3 DESC LIMIT 20;
UPDATE item SET price = price + 1 WHERE name LIKE 'item 1%';
SELECT count(*), sum(price) FROM item WHERE name >= 'item 5' AND name < 'item 7';
DELETE FROM item WHERE owner % 3 = 0;
SELECT max(name), min(name), avg(price) FROM item;
SELECT a.id, b.id FROM item a JOIN item b ON b.name > a.name AND b.owner = a.owner WHERE a.price > 990 ORDER BY a.name, b.name LIMIT 50;
