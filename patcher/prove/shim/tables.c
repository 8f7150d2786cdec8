// SPDX-License-Identifier: GPL-2.0-only
/* The tables of the P2M, as they are in memory: read by the shim, and as the toolstack would. */
#include "program.h"

static ulong top_at, mids_at;	/* where p2m_top and p2m_top_mfn_p are, or 0 */

/* A constant of the tree's is an expression of the tree's. */
static word asked(enum fact which)
{
	int was = answers_open();
	word answer;

	answers_close();
	answer = fact(which);
	answers_as(was);
	return answer;
}

void tables_find(void)
{
	top_at = asked(FACT_P2M_TOP);
	mids_at = asked(FACT_P2M_TOP_MFN_P);
}

/* The page the toolstack starts from, and its MFN where it has one. */
ulong *tools_top(word *frame)
{
	int was = answers_open();
	ulong *top;

	answers_close();
	*frame = list_frame();
	top = *frame ? machine_page(*frame) : (ulong *)(ulong)list_top();
	answers_as(was);
	return top;
}

/* The toolstack's way to the leaf of a PFN; level: 0, or the level that is no page of ours. */
ulong *tools_leaf(ulong *top, word top_frame, word pfn, word *level, word *bad)
{
	word topidx = pfn / (per_page * per_page), mididx = pfn / per_page % per_page;
	ulong *mid, *leaf;

	*level = 0;
	*bad = top_frame;
	if (!top) {
		*level = 1;
		return 0;
	}
	*bad = top[topidx];
	mid = machine_page(top[topidx]);
	if (!mid) {
		*level = 2;
		return 0;
	}
	*bad = mid[mididx];
	leaf = machine_page(mid[mididx]);
	if (!leaf)
		*level = 3;
	return leaf;
}

/* The leaf that the code under test itself uses, where its top page has the name p2m_top; else 0. */
ulong *own_leaf(word pfn)
{
	ulong ***top = top_at ? *(ulong ****)top_at : 0;
	ulong **mid = top ? top[pfn / (per_page * per_page)] : 0;

	return mid ? mid[pfn / per_page % per_page] : 0;
}

word raw_entry(word pfn)
{
	ulong *leaf = own_leaf(pfn);

	return leaf ? leaf[pfn % per_page] : INVALID;
}

/* What the toolstack reads of [from, to), as far as there is a way, and that the one of the code itself. */
void view(word from, word to)
{
	word level = 0, bad = 0, frame;
	ulong *leaf = 0, *top = tools_top(&frame);

	run_start();
	for (; from < to; from++) {
		if (!leaf || !(from % per_page)) {
			leaf = tools_leaf(top, frame, from, &level, &bad);
			if (leaf && own_leaf(from) && leaf != own_leaf(from)) {
				leaf = 0;
				level = 4;
			}
		}
		if (!leaf) {
			run_end();
			say(~0ULL);
			say(from);
			say(level);
			say(bad);
			break;
		}
		run_add(leaf[from % per_page]);
	}
	run_end();
	say(0);
}

/* What a snapshot of the tables shows of the next operation. */
static struct { ulong *copy; ulong brk, heap; } before;

void snapshot(void)
{
	ulong pages = m.brk_used + m.heap_used, i;

	before.copy = (ulong *)map(0, (pages + 1) * PAGE, READ | WRITE, PRIVATE);
	before.brk = m.brk_used;
	before.heap = m.heap_used;
	for (i = 0; i < before.brk; i++)
		memcpy(before.copy + i * per_page, (void *)(m.brk + i * 2 * PAGE), PAGE);
	for (i = 0; i < before.heap; i++)
		memcpy(before.copy + (before.brk + i) * per_page, (void *)(m.heap + i * 2 * PAGE), PAGE);
}

static word differing(ulong from, ulong *then, ulong pages)
{
	word n = 0;
	ulong i, j;

	for (i = 0; i < pages; i++)
		for (j = 0; j < per_page; j++)
			n += ((ulong *)(from + i * 2 * PAGE))[j] != then[i * per_page + j];
	return n;
}

static byte reachable[sizeof(given_back)];

static void reach(const void *page)
{
	ulong number = ((ulong)page - m.heap) / PAGE / 2;

	if ((ulong)page >= m.heap && number < m.heap_used && number < sizeof(reachable))
		reachable[number] = 1;
}

/* Pages that were allocated, not freed, and that nothing leads to; all ones where the tree's tables have other names. */
word lost(void)
{
	ulong ***top = top_at ? *(ulong ****)top_at : 0, **mids = mids_at ? *(ulong ***)mids_at : 0;
	ulong i, j, n = 0;

	if (!top || !mids)
		return INVALID;
	for (i = 0; i < per_page; i++) {
		reach(top[i]);
		reach(mids[i]);
		if (i && top[i] == top[i - 1])
			continue;
		for (j = 0; j < per_page; j++)
			reach(top[i][j]);
	}
	for (i = 0; i < m.heap_used && i < sizeof(reachable); i++)
		n += !reachable[i] && !given_back[i];
	return n;
}

/* Entries that differ from the snapshot, and pages taken since. */
void differ(void)
{
	say(differing(m.brk, before.copy, before.brk) +
	    differing(m.heap, before.copy + before.brk * per_page, before.heap));
	say(m.brk_used - before.brk + m.heap_used - before.heap);
}

/* All frames of the domain are others now, and the tools have written their numbers into the P2M, by its MFN tree. */
void resume(word key)
{
	word limit = asked(FACT_MAX_P2M_PFN), pfn, level, bad, frame;
	ulong *top = tools_top(&frame), **leaves;
	byte *own;

	if (!limit)
		limit = m.nr_pages;
	leaves = (ulong **)map(0, (ulong)(limit / per_page + 1) * sizeof(long), READ | WRITE, PRIVATE | NORESERVE);
	own = (byte *)map(0, (ulong)limit + 1, READ | WRITE, PRIVATE | NORESERVE);

#define ENTRY(pfn) leaves[(pfn) / per_page][(pfn) % per_page]
	for (pfn = 0; pfn < limit; pfn += per_page) {
		leaves[pfn / per_page] = tools_leaf(top, frame, pfn, &level, &bad);
		if (!leaves[pfn / per_page]) {
			say(pfn + 1);
			say(level);
			say(bad);
			return;
		}
	}
	for (pfn = 0; pfn < limit; pfn++) {	/* what is missing, a device's, or another domain's stays */
		own[pfn] = !(ENTRY(pfn) >> m.order) && m2p[ENTRY(pfn)] == pfn;
		if (own[pfn])
			m2p[ENTRY(pfn)] = INVALID;
	}
	for (pfn = 0; pfn < limit; pfn++)
		if (own[pfn]) {
			ENTRY(pfn) += key;
			m2p[ENTRY(pfn)] = pfn;
		}
#undef ENTRY
	say(0);
}
