package org.hearth.server.readers.userdirectory;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.services.profile.Profile;
import org.hearth.server.services.profile.ProfileQueries;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which names come out of a room's events.
class NameReaderTest {
  private static final ServerName SERVER = ServerName.parse("hearth.test");
  private static final UserId REMOTE = UserId.parse("@bob:b.example");
  private static final UserId LOCAL = UserId.parse("@dave:hearth.test");

  @TempDir private Path folder;
  private final RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
  private final Map<UserId, Pdu> members = new LinkedHashMap<>();
  private Store store;
  private Names names;
  private NameReader reader;
  private long position;
  private boolean open = true;

  @BeforeEach
  void open() throws IOException {
    StoreExtension.layTables(folder);
    store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0));
    names = new Names(store);
    reader = new NameReader(names, new OneRoom(), new OneProfile(), SERVER);
  }

  @AfterEach
  void close() {
    store.close();
  }

  /// The local user is called Dave, whatever the rooms say, as long as the account is open.
  private final class OneProfile implements ProfileQueries {
    @Override
    public Profile profile(UserId user) {
      return user.equals(LOCAL)
          ? new Profile(Optional.of("Dave"), Optional.empty())
          : Profile.EMPTY;
    }

    @Override
    public Optional<ObjectNode> fields(UserId user) {
      return open && user.equals(LOCAL)
          ? Optional.of(JsonNodeFactory.instance.objectNode())
          : Optional.empty();
    }
  }

  /// Whoever is in the room now, and their member events.
  private final class OneRoom implements RoomMembers {
    @Override
    public Set<UserId> joined(RoomId id) {
      return members.keySet();
    }

    @Override
    public List<Pdu> events(RoomId id, List<UserId> users) {
      return users.stream().map(members::get).toList();
    }
  }

  private Pdu member(UserId user, String content) {
    return room.state(user, "m.room.member", user.value(), content).add();
  }

  private void read(RoomOutput entry) {
    position += 10;
    reader.onBatch(List.of(new Positioned<>(new LogPosition(position), entry)));
  }

  private void added(UserId user, String content) {
    read(new RoomOutput.EventAdded(member(user, content), null, null, Membership.LEAVE, null));
  }

  private void stored(UserId user, String content, RoomOutput.Standing standing) {
    read(new RoomOutput.EventStored(member(user, content), standing));
  }

  private Optional<String> name(UserId user) {
    return names.of(user).flatMap(Named::name);
  }

  @Test
  void ofOthersTheNewestNameIsKept() {
    added(REMOTE, "{\"membership\":\"join\",\"displayname\":\"Old\"}");
    added(
        REMOTE,
        "{\"membership\":\"join\",\"displayname\":\"Bob\",\"avatar_url\":\"mxc://b.example/1\"}");
    added(REMOTE, "{\"membership\":\"leave\",\"displayname\":\"Gone\"}");

    assertThat(names.of(REMOTE))
        .contains(new Named(REMOTE, Optional.of("Bob"), Optional.of("mxc://b.example/1")));
    assertThat(names.find(List.of("old"), 10)).isEmpty();
    assertThat(names.find(List.of("bob"), 10)).hasSize(1);
  }

  @Test
  void whatIsKnownFromBeforeTellsANameOnlyWhereNoneIsKnown() {
    stored(
        REMOTE, "{\"membership\":\"join\",\"displayname\":\"Fake\"}", RoomOutput.Standing.REJECTED);
    assertThat(names.of(REMOTE)).isEmpty();
    stored(
        REMOTE, "{\"membership\":\"join\",\"displayname\":\"Bob\"}", RoomOutput.Standing.OUTLIER);
    stored(
        REMOTE, "{\"membership\":\"join\",\"displayname\":\"Older\"}", RoomOutput.Standing.HISTORY);

    assertThat(name(REMOTE)).contains("Bob");
  }

  @Test
  void ofThisServersUsersTheProfileCounts() {
    added(LOCAL, "{\"membership\":\"join\",\"displayname\":\"For this room\"}");

    assertThat(name(LOCAL)).contains("Dave");
  }

  @Test
  void aClosedAccountIsKeptNoLongerAndDoesNotComeBackByLeavingItsRooms() {
    added(LOCAL, "{\"membership\":\"join\"}");
    assertThat(names.of(LOCAL)).isPresent();

    open = false;
    added(LOCAL, "{\"membership\":\"leave\"}");

    assertThat(names.of(LOCAL)).isEmpty();
  }

  @Test
  void namesOfWrongTypesOrAnyLengthDoNotStopTheReader() {
    added(REMOTE, "{\"membership\":\"join\",\"displayname\":7,\"avatar_url\":[]}");
    assertThat(names.of(REMOTE)).contains(new Named(REMOTE, Optional.empty(), Optional.empty()));

    added(REMOTE, "{\"membership\":\"join\",\"displayname\":\"" + "\uFDFA".repeat(5_000) + "\"}");
    assertThat(name(REMOTE).orElseThrow()).hasSize(255);
  }

  @Test
  void theReaderGoesOnWhereItsTableEnds() {
    added(REMOTE, "{\"membership\":\"join\",\"displayname\":\"Bob\"}");

    NameReader next = new NameReader(names, new OneRoom(), new OneProfile(), SERVER);

    assertThat(next.position()).isEqualTo(reader.position());
    assertThat(next.position()).isEqualTo(new LogPosition(10));
  }

  @Test
  void whoWasInARoomOfOthersIsNamedWhenTheFirstOfThisServerComesIn() {
    UserId carol = UserId.parse("@carol:c.example");
    names.keep(
        Map.of(REMOTE, Optional.of(new Named(REMOTE, Optional.of("Known"), Optional.empty()))),
        LogPosition.ORIGIN);
    members.put(REMOTE, member(REMOTE, "{\"membership\":\"join\",\"displayname\":\"Bob\"}"));
    members.put(carol, member(carol, "{\"membership\":\"join\",\"displayname\":\"Carol\"}"));
    members.put(LOCAL, member(LOCAL, "{\"membership\":\"join\"}"));

    added(LOCAL, "{\"membership\":\"join\"}");

    assertThat(name(carol)).contains("Carol");
    assertThat(name(REMOTE)).as("the name that is known").contains("Known");
  }

  @Test
  void whoComesIntoARoomThatIsHereHasNobodyNamed() {
    UserId other = UserId.parse("@erin:hearth.test");
    members.put(REMOTE, member(REMOTE, "{\"membership\":\"join\",\"displayname\":\"Bob\"}"));
    members.put(LOCAL, member(LOCAL, "{\"membership\":\"join\"}"));
    members.put(other, member(other, "{\"membership\":\"join\"}"));

    added(LOCAL, "{\"membership\":\"join\"}");

    assertThat(names.of(REMOTE)).isEmpty();
  }
}
