package org.hearth.server.store;

/// Who hands over units of work that build on one another: a shard of a server, say.
///
/// An owner decides in memory, ahead of the commit. When one of its units fails, all units behind
/// it were decided on a memory that did not come true. So an owner has a **generation**: the
/// committer raises it when a unit has failed and it is settled what became of every earlier one:
/// what is committed is in the database, and [Outcome#durable] has been called. Every unit of an
/// earlier generation that the committer still finds fails too. The owner
///
/// 1. reads [#generation] before it loads its memory from the database, and keeps the number with
///    that memory;
/// 2. gives the number to every unit it makes;
/// 3. looks before each decision whether [#generation] has changed; if so it drops its memory and
///    starts over.
///
/// So what is read from the database once the generation has changed is the truth. The one
/// exception is a commit whose answer was lost: if it turns out to have reached the disk, the
/// generation rises once more.
///
/// **Thread**: written by the committer's thread only; read by any.
public final class UnitOwner {
  private final String box;
  private final String name;
  private volatile long generation;

  /// A box that has one owner.
  public UnitOwner(String box) {
    this(box, box);
  }

  /// One of several of a box.
  ///
  /// @param name in logs and errors
  public UnitOwner(String box, String name) {
    this.box = box;
    this.name = name;
  }

  /// The name of the box, by which [StoreFigures] count.
  public String box() {
    return box;
  }

  /// The name in logs and errors.
  public String name() {
    return name;
  }

  /// How many times a unit of this owner has failed.
  public long generation() {
    return generation;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One thread writes.
  void advance() {
    generation++;
  }

  @Override
  public String toString() {
    return name;
  }
}
