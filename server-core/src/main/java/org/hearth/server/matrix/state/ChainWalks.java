package org.hearth.server.matrix.state;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;

/// The walks of a resolution over the auth graph: auth difference and conflicted state subgraph.
///
/// Every walk visits an event once, with a stack of its own, so its time is linear in the edges and
/// a cycle (possible among events of versions 1 and 2, whose ids are no hashes) ends it like any
/// other visited event. Sets of events are bit sets over the indexes that a [LongIndex] gives.
///
/// **thread**: of one resolution only.
final class ChainWalks {
  private final AuthGraph graph;
  private final LongIndex index = new LongIndex();
  private final BitSet asked = new BitSet();
  private int[][] edges = new int[64][];

  ChainWalks(AuthGraph graph) {
    this.graph = graph;
  }

  int indexOf(long event) {
    return index.indexOf(event);
  }

  long number(int event) {
    return index.number(event);
  }

  /// The indexes of an event's auth events. The array is not to be changed.
  int[] authEvents(int event) {
    if (!asked.get(event)) {
      long[] numbers = graph.authEvents(index.number(event));
      int[] found = new int[numbers.length];
      for (int i = 0; i < numbers.length; i++) {
        found[i] = index.indexOf(numbers[i]);
      }
      if (event >= edges.length) {
        edges = Arrays.copyOf(edges, Math.max(edges.length * 2, event + 1));
      }
      edges[event] = found;
      asked.set(event);
    }
    return edges[event];
  }

  /// The set of these events.
  BitSet setOf(Collection<Long> events) {
    BitSet set = new BitSet();
    events.forEach(event -> set.set(indexOf(event)));
    return set;
  }

  /// The auth difference of states that share some of their events.
  ///
  /// "If Ci is the full auth chain of Si, then the auth difference is ∪ Ci − ∩ Ci." What the shared
  /// events stand on is in every chain, so each state's own walk ends where it meets that.
  ///
  /// @param shared the events that are in every state
  /// @param others for each state, its other events
  BitSet authDifference(BitSet shared, List<BitSet> others) {
    BitSet inEvery = chain(shared, new BitSet());
    BitSet inSome = new BitSet();
    BitSet inAllOthers = new BitSet();
    boolean first = true;
    for (BitSet own : others) {
      BitSet chain = chain(own, inEvery);
      inSome.or(chain);
      if (first) {
        inAllOthers.or(chain);
        first = false;
      } else {
        inAllOthers.and(chain);
      }
    }
    inSome.andNot(inAllOthers);
    return inSome;
  }

  /// The events of the auth chains of some events, without what is in `known` and below.
  private BitSet chain(BitSet starts, BitSet known) {
    BitSet chain = new BitSet();
    IntStack open = new IntStack();
    for (int start = starts.nextSetBit(0); start >= 0; start = starts.nextSetBit(start + 1)) {
      visitAuthEvents(start, known, chain, open);
      while (!open.isEmpty()) {
        visitAuthEvents(open.pop(), known, chain, open);
      }
    }
    return chain;
  }

  private void visitAuthEvents(int event, BitSet known, BitSet visited, IntStack open) {
    for (int auth : authEvents(event)) {
      if (!known.get(auth) && !visited.get(auth)) {
        visited.set(auth);
        open.push(auth);
      }
    }
  }

  /// The conflicted state subgraph.
  ///
  /// "Starting from an event in the conflicted state set and following auth_events edges may lead
  /// to another event in the conflicted state set. The union of all such paths between any pair of
  /// events in the conflicted state set (including endpoints) forms a subgraph". An event is on
  /// such a path if a conflicted event reaches it and it reaches a conflicted event: one walk down
  /// the edges, one up.
  BitSet conflictedSubgraph(BitSet conflicted) {
    BitSet below = chain(conflicted, new BitSet());
    below.or(conflicted);
    Reversed reversed = new Reversed(below);

    BitSet between = (BitSet) conflicted.clone();
    IntStack open = new IntStack();
    conflicted.stream().forEach(open::push);
    while (!open.isEmpty()) {
      reversed.visitCiting(open.pop(), between, open);
    }
    return between;
  }

  /// The edges among some events, the other way round: for each event those that cite it, one after
  /// another in `citing` from `starts[event]` to `starts[event + 1]`.
  private final class Reversed {
    private final int[] starts;
    private final int[] citing;

    Reversed(BitSet events) {
      starts = new int[index.size() + 2];
      events.stream()
          .forEach(event -> {
            for (int auth : authEvents(event)) {
              starts[auth + 2]++;
            }
          });
      for (int i = 2; i < starts.length; i++) {
        starts[i] += starts[i - 1];
      }
      citing = new int[starts[starts.length - 1]];
      // While filling, starts[auth + 1] is where the next citing event goes; then it is the end.
      events.stream()
          .forEach(event -> {
            for (int auth : authEvents(event)) {
              citing[starts[auth + 1]++] = event;
            }
          });
    }

    void visitCiting(int event, BitSet visited, IntStack open) {
      for (int i = starts[event]; i < starts[event + 1]; i++) {
        if (!visited.get(citing[i])) {
          visited.set(citing[i]);
          open.push(citing[i]);
        }
      }
    }
  }
}
