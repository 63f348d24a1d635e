package org.hearth.server.servers.room.shard;

import java.lang.System.Logger.Level;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.random.RandomGenerator;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// Tells of nearly every new transaction that it is new, without asking the database, since nearly
/// every one is.
///
/// It keeps a number of 32 bits of each transaction of a room, in about seven bytes. Those of
/// before the start are read once, beside the work, when first somebody asks; until they are there
/// it knows nothing. Of these it knows the id only, which is in the index; of later ones the device
/// as well, since clients that count their messages use the same ids.
///
/// **bound**: [#MAXIMUM_BYTES], which is enough for two million transactions. With more it gives up
/// what it has and knows nothing, so that each transaction is looked up in the database: as right
/// as before, and slower.
///
/// **thread**: any; the reading is done by its own, `room-transactions`.
public final class TransactionFilter implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TransactionFilter.class.getName());

  // From the index alone, in the order of the index.
  private static final String ALL =
      "SELECT room_nid, transaction_id FROM room_event"
          + " --DERBY-PROPERTIES index=room_event_by_transaction\n";

  /// Memory for the numbers, the old table and the new one together while they are moved.
  static final int MAXIMUM_BYTES = 24 << 20;

  /// In the place of a device's hash.
  private static final int ANY_DEVICE = 0;

  private static final int FIRST_SIZE = 1 << 10;

  private final ReadPool reads;

  /// So that nobody outside knows which ids come to lie together.
  private final long salt;

  private final int maximumBytes;

  private @Nullable Thread reader;
  private boolean complete;
  private boolean full;
  private boolean closed;

  /// Open addressing; 0 for a free place. At most two thirds are taken.
  private int[] numbers = new int[FIRST_SIZE];

  private int count;

  public TransactionFilter(ReadPool reads, RandomGenerator random) {
    this(reads, random, MAXIMUM_BYTES);
  }

  /// @param maximumBytes for the numbers
  TransactionFilter(ReadPool reads, RandomGenerator random, int maximumBytes) {
    this.reads = reads;
    this.salt = random.nextLong();
    this.maximumBytes = maximumBytes;
  }

  /// Whether no event of the room of that number was sent in that transaction. False when it cannot
  /// tell.
  public synchronized boolean isNew(long room, ClientTransaction transaction) {
    if (full) {
      return false;
    }
    if (!complete) {
      if (reader == null && !closed) {
        reader = Thread.ofPlatform().name("room-transactions").daemon().start(this::readAll);
      }
      return false;
    }
    return isFree(number(room, transaction.transactionId(), ANY_DEVICE))
        && isFree(number(room, transaction.transactionId(), transaction.device().hashCode()));
  }

  private boolean isFree(int number) {
    return numbers[place(numbers, number)] == 0;
  }

  /// A transaction has begun.
  public void add(long room, ClientTransaction transaction) {
    add(number(room, transaction.transactionId(), transaction.device().hashCode()));
  }

  private synchronized void add(int number) {
    if (full) {
      return;
    }
    int place = place(numbers, number);
    if (numbers[place] != 0) {
      return;
    }
    numbers[place] = number;
    count++;
    if (count > numbers.length / 3 * 2) {
      grow();
    }
  }

  private void grow() {
    if (3L * bytes() > maximumBytes) {
      full = true;
      numbers = new int[0];
      LOG.log(
          Level.INFO,
          "more transactions than {0} bytes have room for: they are looked up one by one",
          maximumBytes);
      return;
    }
    int[] larger = new int[2 * numbers.length];
    for (int each : numbers) {
      if (each != 0) {
        larger[place(larger, each)] = each;
      }
    }
    numbers = larger;
  }

  /// Where the number is, or else belongs.
  private static int place(int[] numbers, int number) {
    int place = number & (numbers.length - 1);
    while (numbers[place] != 0 && numbers[place] != number) {
      place = (place + 1) & (numbers.length - 1);
    }
    return place;
  }

  /// Never 0. Its low bits are well mixed, as the places are found by them.
  private int number(long room, String transactionId, int device) {
    // The finalizer of MurmurHash3: every bit of the input moves every bit of the number.
    long mixed =
        salt + room * 0x9E3779B97F4A7C15L + device * 0xD6E8FEB86659FD93L + transactionId.hashCode();
    mixed = (mixed ^ (mixed >>> 33)) * 0xFF51AFD7ED558CCDL;
    mixed = (mixed ^ (mixed >>> 33)) * 0xC4CEB9FE1A85EC53L;
    int number = (int) (mixed ^ (mixed >>> 33));
    return number == 0 ? 1 : number;
  }

  private void readAll() {
    try {
      reads.read(connection -> {
        try (PreparedStatement statement = connection.prepareStatement(ALL);
            ResultSet rows = statement.executeQuery()) {
          while (rows.next() && goesOn()) {
            String transactionId = rows.getString(2);
            if (transactionId != null) {
              add(number(rows.getLong(1), transactionId, ANY_DEVICE));
            }
          }
          return true;
        }
      });
      synchronized (this) {
        complete = !closed;
      }
    } catch (RuntimeException e) {
      // Nothing depends on it but the speed.
      LOG.log(Level.WARNING, "the transactions of rooms are looked up one by one", e);
    }
  }

  private synchronized boolean goesOn() {
    return !closed && !full;
  }

  /// The memory that its numbers take.
  synchronized int bytes() {
    return Integer.BYTES * numbers.length;
  }

  /// Returns when those of before the start are read, if somebody has asked.
  void awaitReading() throws InterruptedException {
    Thread running;
    synchronized (this) {
      running = reader;
    }
    if (running != null) {
      running.join();
    }
  }

  /// Ends the reading.
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      closed = true;
      running = reader;
    }
    if (running != null) {
      try {
        running.join();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
