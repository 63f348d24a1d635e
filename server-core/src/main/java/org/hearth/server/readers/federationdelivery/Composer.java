package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.json.CanonicalJson.Numbers;
import org.hearth.server.servers.receipt.ReceiptQueries;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.Unavailable;

/// Makes transactions: looks up what is to be told.
///
/// What cannot be read, or would be refused by everybody, is left out and keeps nothing else from
/// being sent.
///
/// **bound**: [#MOST_BYTES] a transaction, unless one thing alone is more. **thread**: any.
///
/// **source**: [Transactions](https://spec.matrix.org/v1.19/server-server-api/#transactions)
final class Composer {
  static final long MOST_BYTES = 128 << 10;

  /// "The complete event MUST NOT be larger than 65536 bytes", and other servers hold EDUs to the
  /// same.
  private static final int MOST_PDU_BYTES = 65_536;

  /// Of a room's latest events.
  private static final int MOST_LATEST = 20;

  /// Receipts of a room that are looked at for one transaction.
  private static final int MOST_RECEIPTS = 500;

  private static final int MOST_RECEIPT_EDUS = 39;
  private static final int ID_BYTES = 18;
  private static final System.Logger LOG = System.getLogger(Composer.class.getName());

  private final Needs needs;

  /// Distinguishes transactions that hold typing or presence: the same may be true again later.
  private final AtomicLong fleeting;

  /// What is asked.
  ///
  /// @param here the name of this server
  record Needs(
      ServerName here,
      RoomQueries rooms,
      PeerQueries peers,
      ReceiptQueries receipts,
      DeliveryRows rows,
      Edus edus,
      InstantSource clock) {}

  Composer(Needs needs) {
    this.needs = needs;
    fleeting = new AtomicLong(needs.clock().millis());
  }

  /// The transaction of a plan.
  ///
  /// @return an empty one if nothing of the plan has to be sent: what it would pay is forgotten
  Transaction compose(ServerName to, Plan plan) {
    Making making = new Making(to, plan);
    making.addRooms();
    making.addDevices();
    making.addReceipts();
    making.addFleeting();
    return making.made();
  }

  private final class Making {
    private final ServerName to;
    private final Plan plan;
    private final Instant now = needs.clock().instant();
    private final Map<EventId, ObjectNode> pdus = new LinkedHashMap<>();
    private final List<ObjectNode> edus = new ArrayList<>();
    private final List<Transaction.OfRoom> rooms = new ArrayList<>();
    private final List<Transaction.ReceiptsOf> receipts = new ArrayList<>();
    private final List<DeliveryRows.Key> devices = new ArrayList<>();
    private final List<Object> things = new ArrayList<>();
    private long bytes;
    private boolean isFleeting;

    Making(ServerName to, Plan plan) {
      this.to = to;
      this.plan = plan;
    }

    // --- PDUs

    void addRooms() {
      for (Plan.OfRoom each : plan.rooms()) {
        if (!addRoom(each)) {
          return;
        }
      }
    }

    /// @return whether there is room for more
    private boolean addRoom(Plan.OfRoom part) {
      List<Long> done = new ArrayList<>();
      boolean allowed = isAllowed(part.room());
      boolean isIn = isIn(part.room());
      boolean fits = true;
      for (Item each : part.items()) {
        fits =
            fits
                && (!allowed
                    || add(
                        readable(
                            each.event(),
                            () -> needs.rooms().event(each.event()),
                            Optional.empty()),
                        isIn));
        if (fits) {
          done.add(each.position());
        }
      }
      for (long each : part.kept()) {
        fits = fits && (!allowed || add(kept(each), isIn));
        if (fits) {
          done.add(each);
        }
      }
      boolean latest = fits && part.latest() && (!allowed || addLatest(part.room()));
      if (!done.isEmpty() || latest) {
        rooms.add(new Transaction.OfRoom(part.room(), done, latest, part.newest()));
        things.add(part.room());
      }
      return fits && (latest || !part.latest());
    }

    /// "The server ACLs" hold for what this server sends, too: who is not to take part is told
    /// nothing.
    private boolean isAllowed(RoomId room) {
      return readable(room, () -> needs.peers().isAllowed(room, to), false);
    }

    private boolean isIn(RoomId room) {
      return readable(room, () -> needs.peers().servers(room).contains(to), false);
    }

    private Optional<RoomEvent> kept(long position) {
      return readable(
          position, () -> needs.rooms().eventAt(new LogPosition(position)), Optional.empty());
    }

    /// The forward extremities: from them the server finds what it has missed. All of them, also
    /// those that other servers made, since it may have missed them with ours.
    private boolean addLatest(RoomId room) {
      List<RoomEvent> latest =
          readable(
              room,
              () ->
                  isIn(room)
                      ? needs
                          .peers()
                          .visible(
                              to,
                              needs.rooms().forwardExtremities(room).stream()
                                  .limit(MOST_LATEST)
                                  .flatMap(each -> needs.rooms().event(each).stream())
                                  .toList())
                      : List.of(),
              List.of());
      long size = latest.stream().mapToLong(each -> each.pdu().canonicalBytes().length).sum();
      if (!pdus.isEmpty() && (pdus.size() + latest.size() > Plan.MOST_PDUS || !fits(size))) {
        return false;
      }
      // Of very large ones some: the others are before the room's next event.
      for (RoomEvent each : latest) {
        var _ = add(Optional.of(each), true);
      }
      return true;
    }

    /// @param isIn whether the server is in the room; if it is not, it is sent what it may see, and
    ///   of the rest what it needs to go on
    /// @return whether it has its place, or needs none
    private boolean add(Optional<RoomEvent> event, boolean isIn) {
      if (event.isEmpty() || pdus.containsKey(event.get().id())) {
        return true;
      }
      ObjectNode json =
          (isIn || isVisible(event.get()) ? event.get().pdu() : event.get().pdu().redacted())
              .exchanged();
      int size = size(event.get().id(), json);
      if (size > MOST_PDU_BYTES) {
        return true;
      }
      if (pdus.size() >= Plan.MOST_PDUS || !fits(size)) {
        return false;
      }
      bytes += size;
      pdus.put(event.get().id(), json);
      return true;
    }

    /// How its users' memberships end is told to a server whole.
    private boolean isVisible(RoomEvent event) {
      return isOwnMembership(event)
          || readable(
              event.id(), () -> !needs.peers().visible(to, List.of(event)).isEmpty(), false);
    }

    private boolean isOwnMembership(RoomEvent event) {
      return event.pdu().isMember()
          && event
              .pdu()
              .stateKey()
              .flatMap(each -> Identifiers.read(UserId::parse, each))
              .filter(each -> each.isOn(to))
              .isPresent();
    }

    /// An event that would be refused makes others refuse the transaction, so it is left out.
    private int size(Object id, ObjectNode json) {
      try {
        return CanonicalJson.encode(json, Numbers.CONVERTED).length;
      } catch (MatrixException e) {
        LOG.log(Level.WARNING, "{0} cannot be sent to others: {1}", id, e.safeMessage());
        return Integer.MAX_VALUE;
      }
    }

    private boolean fits(long more) {
      return bytes == 0 || bytes + more <= MOST_BYTES;
    }

    // --- EDUs

    void addDevices() {
      if (plan.edus() == 0) {
        return;
      }
      int passed = plan.passedOver().size();
      int added = 0;
      for (DeliveryRows.Edu each : needs.rows().edus(to, plan.edus() + passed)) {
        if (added == plan.edus()) {
          return;
        }
        if (!plan.passedOver().contains(each.key())) {
          if (!addDevice(each)) {
            return;
          }
          added++;
        }
      }
    }

    private boolean addDevice(DeliveryRows.Edu stored) {
      Optional<ObjectNode> edu =
          readable(
              stored.key(), () -> Optional.of(needs.edus().ofDevices(stored)), Optional.empty());
      int size = edu.isPresent() ? size(stored.key(), edu.get()) : Integer.MAX_VALUE;
      if (edu.isPresent() && size < Integer.MAX_VALUE) {
        if (!fits(size)) {
          return false;
        }
        bytes += size;
        edus.add(edu.get());
      }
      devices.add(stored.key());
      things.add(stored.key());
      return true;
    }

    void addReceipts() {
      int most = MOST_RECEIPT_EDUS;
      for (Plan.ReceiptsOf each : plan.receipts()) {
        if (most == 0 || !fits(1)) {
          return;
        }
        ReceiptEdus told = new ReceiptEdus(each.room(), most);
        long next = addReceipts(each, told);
        List<ObjectNode> made = told.edus();
        most -= made.size();
        edus.addAll(made);
        isFleeting |= !made.isEmpty();
        if (next > each.since()) {
          receipts.add(new Transaction.ReceiptsOf(each.room(), each.since(), next));
          things.add(new Plan.ReceiptsKey(each.room()));
        }
      }
    }

    /// @return the position from which on receipts are still owed
    private long addReceipts(Plan.ReceiptsOf part, ReceiptEdus told) {
      long next = part.newest() + 1;
      for (Positioned<ReceiptOutput> each : receipts(part)) {
        long position = each.position().value();
        if (each.entry().user().isOn(needs.here())) {
          int size = ReceiptEdus.size(each.entry());
          if (!fits(size) || !told.add(each.entry())) {
            return position;
          }
          bytes += size;
        }
        next = position + 1;
      }
      return next;
    }

    private List<Positioned<ReceiptOutput>> receipts(Plan.ReceiptsOf part) {
      return readable(
          part.room(),
          () ->
              isMember(part.room())
                  ? needs
                      .receipts()
                      .publicAfter(
                          part.room(),
                          new LogPosition(Math.max(0, part.since() - 1)),
                          MOST_RECEIPTS)
                  : List.of(),
          List.of());
    }

    void addFleeting() {
      for (Map.Entry<Queue.Typist, Queue.Typing> each : plan.typing().entrySet()) {
        Queue.Typist typist = each.getKey();
        if (readable(typist, () -> isMember(typist.room()), false)) {
          edus.add(Edus.typing(typist.room(), typist.user(), each.getValue().typing()));
          isFleeting = true;
        }
      }
      Edus.presence(plan.presence().stream().map(Queue.Presence::news).toList(), now)
          .ifPresent(each -> {
            edus.add(each);
            isFleeting = true;
          });
    }

    private boolean isMember(RoomId room) {
      return needs.peers().servers(room).contains(to) && needs.peers().isAllowed(room, to);
    }

    Transaction made() {
      ObjectNode content = JsonNodeFactory.instance.objectNode();
      content.put("origin", needs.here().value());
      content.put("origin_server_ts", now.toEpochMilli());
      content.putArray("pdus").addAll(pdus.values());
      content.putArray("edus").addAll(edus);
      return new Transaction(
          id(),
          content,
          List.copyOf(pdus.keySet()),
          bytes,
          !plan.typing().isEmpty() || !plan.presence().isEmpty(),
          things.size() == 1 && isOneThing() ? Optional.of(things.getFirst()) : Optional.empty(),
          new Transaction.Pays(rooms, receipts, devices));
    }

    private boolean isOneThing() {
      return plan.typing().isEmpty()
          && plan.presence().isEmpty()
          && (pdus.size() <= 1 || rooms.stream().allMatch(Transaction.OfRoom::latest));
    }

    /// The same for the same events and EDUs, also after a restart, so that a server knows a
    /// transaction that it has had. Typing and presence may be the same twice, and make another
    /// transaction then.
    private String id() {
      StringBuilder all = new StringBuilder(to.value());
      pdus.keySet().forEach(each -> all.append('\n').append(each.value()));
      devices.forEach(
          each -> all.append('\n').append(each.position()).append('/').append(each.part()));
      if (isFleeting) {
        all.append('\n').append(fleeting.incrementAndGet());
      }
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(
              Arrays.copyOf(
                  sha256().digest(all.toString().getBytes(StandardCharsets.UTF_8)), ID_BYTES));
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private interface Reading<T> {
    T read();
  }

  /// A row that is damaged keeps nothing else from being sent.
  private static <T> T readable(Object what, Reading<T> reading, T otherwise) {
    try {
      return reading.read();
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOG.log(Level.WARNING, "what concerns " + what + " cannot be read, and is not sent", e);
      return otherwise;
    }
  }
}
