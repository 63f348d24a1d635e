package org.hearth.server.servers.room.state;

import org.hearth.server.store.ReadPool;

/// Numbers for new rooms and states. A number whose commit failed is not used again.
///
/// **thread**: any; several shards take numbers.
public final class Numbers {
  private final Series rooms;
  private final Series states;

  /// Goes on after the last numbers in the database, which are looked up when the first new one is
  /// needed.
  public Numbers(ReadPool reads) {
    rooms = new Series(reads, "SELECT MAX(room_nid) FROM room");
    states = new Series(reads, "SELECT MAX(snapshot) FROM room_state");
  }

  public long nextRoom() {
    return rooms.next();
  }

  public long nextState() {
    return states.next();
  }

  private static final class Series {
    private static final long NOT_READ = -1;

    private final ReadPool reads;
    private final String lastOne;
    private long last = NOT_READ;

    Series(ReadPool reads, String lastOne) {
      this.reads = reads;
      this.lastOne = lastOne;
    }

    synchronized long next() {
      if (last == NOT_READ) {
        last = read();
      }
      return ++last;
    }

    private long read() {
      return reads.select(lastOne, row -> row.getLong(1)).stream().findFirst().orElse(0L);
    }
  }
}
