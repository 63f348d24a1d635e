package org.hearth.server.readers.userdirectory;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.profile.ProfileQueries;
import org.hearth.server.store.Unavailable;

/// Follows room-output and keeps the names of those who are seen in rooms: of this server's users
/// as their profiles say, whatever they are called in one room; of others as their newest member
/// event says. The room into which the first of this server's users comes has members whom no entry
/// told of. A profile that changes is written into its user's member events, and so it comes here.
/// Closed accounts have no name, and are not kept.
///
/// **Thread:** the log's for this reader.
final class NameReader implements LogReader<RoomOutput> {
  static final String NAME = "user-directory";

  /// So many positions at most are looked at again after a restart, in which there was no name.
  private static final long MOST_UNSAVED = 10_000;

  /// Members of a room who are named at once.
  private static final int PIECE = 200;

  private static final System.Logger LOG = System.getLogger(NameReader.class.getName());

  private final Names names;
  private final RoomMembers members;
  private final ProfileQueries profiles;
  private final ServerName server;
  private volatile LogPosition position;
  private long saved;

  NameReader(Names names, RoomMembers members, ProfileQueries profiles, ServerName server) {
    this.names = names;
    this.members = members;
    this.profiles = profiles;
    this.server = server;
    this.position = names.position();
    this.saved = position.value();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public void onBatch(List<Positioned<RoomOutput>> batch) {
    keep(batch, batch.getLast().position());
  }

  @Override
  public void onRelease(List<Positioned<RoomOutput>> entries) {
    keep(entries, position);
  }

  private void keep(List<Positioned<RoomOutput>> batch, LogPosition upTo) {
    Map<UserId, Optional<Named>> seen = new LinkedHashMap<>();
    for (Positioned<RoomOutput> each : batch) {
      switch (each.entry()) {
        case RoomOutput.EventAdded added -> see(added.event(), seen);
        case RoomOutput.StateChanged changed ->
            changed.changes().stream()
                .flatMap(change -> Optional.ofNullable(change.now()).stream())
                .forEach(event -> see(event, seen));
        case RoomOutput.EventStored stored -> seeOld(stored, seen);
        case RoomOutput.OutsideMember _ -> {} // nobody is there from here
      }
    }
    entered(batch).forEach(this::nameMembers);
    seen.entrySet().removeIf(each -> names.of(each.getKey()).equals(each.getValue()));
    if (!seen.isEmpty() || upTo.value() - saved >= MOST_UNSAVED) {
      names.keep(seen, upTo);
      saved = upTo.value();
    }
    position = upTo;
  }

  /// The rooms into which users of this server have come.
  private Set<RoomId> entered(List<Positioned<RoomOutput>> batch) {
    Set<RoomId> entered = new LinkedHashSet<>();
    for (Positioned<RoomOutput> each : batch) {
      if (each.entry() instanceof RoomOutput.EventAdded added
          && added.previousMembership() != Membership.JOIN
          && Membership.isJoin(added.event())
          && member(added.event()).filter(user -> user.isOn(server)).isPresent()) {
        entered.add(added.room());
      }
    }
    return entered;
  }

  /// Names the members of a room of others: those who came after the first of this server's users
  /// were seen. One that cannot be read keeps nobody from the others.
  private void nameMembers(RoomId room) {
    try {
      Set<UserId> joined = members.joined(room);
      if (joined.stream().filter(user -> user.isOn(server)).limit(2).count() > 1) {
        return;
      }
      List<UserId> others = joined.stream().filter(user -> !user.isOn(server)).toList();
      for (int i = 0; i < others.size(); i += PIECE) {
        nameMembers(room, others.subList(i, Math.min(i + PIECE, others.size())));
      }
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOG.log(
          Level.WARNING, "the members of %s have no names: it cannot be read".formatted(room), e);
    }
  }

  private void nameMembers(RoomId room, List<UserId> users) {
    List<UserId> unnamed = users.stream().filter(user -> names.of(user).isEmpty()).toList();
    Map<UserId, Optional<Named>> found = new LinkedHashMap<>();
    members.events(room, unnamed).forEach(each -> see(each, found));
    if (!found.isEmpty()) {
      names.keep(found, new LogPosition(saved));
    }
  }

  private void see(Pdu event, Map<UserId, Optional<Named>> seen) {
    member(event)
        .ifPresent(user -> {
          if (user.isOn(server)) {
            seen.put(user, ofProfile(user));
          } else if (Membership.isJoin(event)) {
            seen.put(user, Optional.of(ofEvent(user, event)));
          }
        });
  }

  /// What was said before, or is known because others cite it, tells a name where none is known.
  private void seeOld(RoomOutput.EventStored stored, Map<UserId, Optional<Named>> seen) {
    boolean counts =
        switch (stored.standing()) {
          case HISTORY, OUTLIER -> true;
          case SOFT_FAILED, REJECTED -> false;
        };
    if (counts) {
      member(stored.event())
          .filter(user -> !seen.containsKey(user) && names.of(user).isEmpty())
          .ifPresent(_ -> see(stored.event(), seen));
    }
  }

  private static Optional<UserId> member(Pdu event) {
    return event.isMember()
        ? event.stateKey().flatMap(key -> Identifiers.read(UserId::parse, key))
        : Optional.empty();
  }

  private Optional<Named> ofProfile(UserId user) {
    return profiles
        .fields(user)
        .map(_ -> profiles.profile(user))
        .map(profile -> new Named(user, profile.displayName(), profile.avatarUrl()));
  }

  private static Named ofEvent(UserId user, Pdu event) {
    return new Named(user, text(event, "displayname"), text(event, "avatar_url"));
  }

  private static Optional<String> text(Pdu event, String name) {
    return Optional.of(event.content().path(name))
        .filter(JsonNode::isTextual)
        .map(JsonNode::textValue);
  }
}
