package org.hearth.server.outbound;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/// A name server on loopback, over UDP and TCP, that says what a test wants.
public final class DnsServer implements AutoCloseable {
  private static final int UDP_BYTES = 1_232;

  private final DatagramSocket udp;
  private final ServerSocket tcp;
  private final List<Record> records = new CopyOnWriteArrayList<>();
  private final Set<String> silent = ConcurrentHashMap.newKeySet();
  private final Set<String> failing = ConcurrentHashMap.newKeySet();
  private final List<String> questions = new CopyOnWriteArrayList<>();
  private volatile Function<Record, List<Record>> extra = _ -> List.of();

  private DnsServer(DatagramSocket udp, ServerSocket tcp) {
    this.udp = udp;
    this.tcp = tcp;
    Thread.ofVirtual().start(this::serveUdp);
    Thread.ofVirtual().start(this::serveTcp);
  }

  public static DnsServer start() throws IOException {
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    while (true) {
      ServerSocket tcp = new ServerSocket(0, 50, loopback);
      try {
        return new DnsServer(new DatagramSocket(tcp.getLocalPort(), loopback), tcp);
      } catch (BindException _) {
        tcp.close(); // Somebody has that port for UDP.
      }
    }
  }

  public InetSocketAddress address() {
    return (InetSocketAddress) tcp.getLocalSocketAddress();
  }

  /// Adds a record of a minute.
  public DnsServer with(String name, int type, String data) {
    return with(name, type, 60, data);
  }

  public DnsServer with(String name, int type, long seconds, String data) {
    try {
      Name owner = Name.fromString(name + ".");
      records.add(Record.fromString(owner, type, DClass.IN, seconds, data, Name.root));
      return this;
    } catch (IOException e) {
      throw new IllegalArgumentException(name + " " + data, e);
    }
  }

  public DnsServer address(String name, String address) {
    return with(name, address.contains(":") ? Type.AAAA : Type.A, address);
  }

  /// Names below this are never answered.
  public DnsServer silentFor(String zone) {
    silent.add(zone);
    return this;
  }

  /// Names below this it cannot answer.
  public DnsServer failingFor(String zone) {
    failing.add(zone);
    return this;
  }

  /// Records that are made when they are asked for.
  public DnsServer making(Function<Record, List<Record>> made) {
    extra = made;
    return this;
  }

  /// Makes the records of a name that leads to one address the first time and to another one then.
  public static List<Record> rebinding(
      DnsServer server, Record question, String name, String first, String then) {
    if (question.getType() != Type.A || !question.getName().toString(true).equals(name)) {
      return List.of();
    }
    long asked = server.questions().stream().filter(each -> each.equals("A " + name)).count();
    return List.of(
        new ARecord(
            question.getName(), DClass.IN, 0, InetAddress.ofLiteral(asked <= 1 ? first : then)));
  }

  /// Forgets a name.
  public void without(String name) {
    records.removeIf(each -> each.getName().toString(true).equals(name));
  }

  /// Each as `TYPE name`, in the order in which they came.
  public List<String> questions() {
    return questions;
  }

  private Optional<Message> answer(byte[] bytes) throws IOException {
    Message query = new Message(bytes);
    Record question = query.getQuestion();
    String name = question.getName().toString(true);
    questions.add(Type.string(question.getType()) + " " + name);
    if (isBelow(silent, name)) {
      return Optional.empty();
    }
    Message answer = new Message(query.getHeader().getID());
    answer.getHeader().setFlag(Flags.QR);
    answer.getHeader().setFlag(Flags.RA);
    answer.addRecord(question, Section.QUESTION);
    if (isBelow(failing, name)) {
      answer.getHeader().setRcode(Rcode.SERVFAIL);
      return Optional.of(answer);
    }
    List<Record> own = new ArrayList<>(records);
    own.addAll(extra.apply(question));
    List<Record> ofName =
        own.stream().filter(each -> each.getName().equals(question.getName())).toList();
    if (ofName.isEmpty()) {
      answer.getHeader().setRcode(Rcode.NXDOMAIN);
    }
    ofName.stream()
        .filter(each -> each.getType() == question.getType() || each.getType() == Type.CNAME)
        .forEach(each -> answer.addRecord(each, Section.ANSWER));
    return Optional.of(answer);
  }

  private static boolean isBelow(Set<String> zones, String name) {
    return zones.stream().anyMatch(each -> name.equals(each) || name.endsWith("." + each));
  }

  private void serveUdp() {
    byte[] buffer = new byte[4_096];
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        udp.receive(packet);
        Optional<Message> answer = answer(Arrays.copyOf(packet.getData(), packet.getLength()));
        if (answer.isPresent()) {
          byte[] whole = answer.get().toWire();
          if (whole.length > UDP_BYTES) {
            Message cut = new Message(answer.get().getHeader().getID());
            cut.getHeader().setFlag(Flags.QR);
            cut.getHeader().setFlag(Flags.TC);
            cut.addRecord(answer.get().getQuestion(), Section.QUESTION);
            whole = cut.toWire();
          }
          udp.send(new DatagramPacket(whole, whole.length, packet.getSocketAddress()));
        }
      }
    } catch (IOException _) {
      // The test is over.
    }
  }

  private void serveTcp() {
    try {
      while (true) {
        Socket socket = tcp.accept();
        Thread.ofVirtual().start(() -> serveTcp(socket));
      }
    } catch (IOException _) {
      // The test is over.
    }
  }

  private void serveTcp(Socket socket) {
    try (socket) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      while (true) {
        byte[] query = new byte[in.readUnsignedShort()];
        in.readFully(query);
        Optional<Message> answer = answer(query);
        if (answer.isPresent()) {
          byte[] whole = answer.get().toWire();
          out.writeShort(whole.length);
          out.write(whole);
        }
      }
    } catch (IOException _) {
      // The client is done.
    }
  }

  @Override
  public void close() throws IOException {
    udp.close();
    tcp.close();
  }
}
