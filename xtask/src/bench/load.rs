//! Asks over connections that stay open, each question as soon as the answer before it is there, and
//! looks at every answer.

use std::{
    future::poll_fn,
    io::{self, Read, Write},
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    task::LocalSet,
};

use super::{
    process,
    question::{Numbers, Question},
};

/// Before anything is measured.
const WARM_UP: Duration = Duration::from_millis(200);
/// Bytes of an answer at the most.
const ANSWER_MAX: usize = 1 << 20;

/// One server under one load.
pub struct Load<'a> {
    pub address: SocketAddr,
    pub question: &'a Question,
    pub numbers: &'a Rc<Numbers>,
    pub connections: usize,
    pub time: Duration,
    /// The server's process.
    pub pid: u32,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Measured {
    /// How long each answer took, in nanoseconds.
    pub took_ns: Vec<u32>,
    /// From the first measured question to the last answer.
    pub time: Duration,
    /// Processor time of the server in that time.
    pub cpu: Duration,
    /// What the server wrote in that time.
    pub written_bytes: u64,
}

impl Load<'_> {
    /// Runs it on one thread.
    pub fn run(&self) -> anyhow::Result<Measured> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, self.ask())
    }

    async fn ask(&self) -> anyhow::Result<Measured> {
        let begin = Instant::now() + WARM_UP;
        let window = Window { begin, end: begin + self.time };
        let mut tasks = Vec::new();
        for _ in 0..self.connections {
            let connection = Connection::open(self.address, self.question.clone()).await?;
            let numbers = Rc::clone(self.numbers);
            tasks.push(tokio::task::spawn_local(connection.ask_all(numbers, window)));
        }
        tokio::time::sleep_until(window.begin.into()).await;
        let (cpu, written) = (process::cpu(self.pid)?, process::written_bytes(self.pid)?);
        let mut measured = Measured::default();
        for task in tasks {
            measured.took_ns.append(&mut task.await??);
        }
        measured.time = window.begin.elapsed();
        measured.cpu = process::cpu(self.pid)?.saturating_sub(cpu);
        measured.written_bytes = process::written_bytes(self.pid)? - written;
        Ok(measured)
    }
}

#[derive(Debug, Clone, Copy)]
struct Window {
    begin: Instant,
    end: Instant,
}

struct Connection {
    stream: TcpStream,
    question: Question,
    asked: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr, question: Question) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let asked = question.bytes();
        Ok(Self { stream, question, asked, answer: vec![0; ANSWER_MAX] })
    }

    async fn ask_all(mut self, numbers: Rc<Numbers>, window: Window) -> anyhow::Result<Vec<u32>> {
        let mut took = Vec::with_capacity(1 << 16);
        loop {
            let began = Instant::now();
            if began >= window.end {
                break;
            }
            let Some(number) = numbers.next() else { break };
            self.question.number(&mut self.asked, number);
            self.write().await?;
            let mut length = 0;
            let whole = loop {
                let read = self.read(length).await?;
                ensure!(read > 0, "the server hung up");
                length += read;
                if let Some(whole) = whole(&self.answer[..length])? {
                    break whole;
                }
            };
            ensure!(whole == length, "more than one answer");
            check(&self.answer[..length])?;
            if began >= window.begin {
                took.push(u32::try_from(began.elapsed().as_nanos()).unwrap_or(u32::MAX));
            }
        }
        Ok(took)
    }

    async fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.asked.len() {
            let (stream, rest) = (&mut self.stream, &self.asked[written..]);
            written += poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, rest)).await?;
        }
        Ok(())
    }

    /// Reads what there is, behind what was read before; 0: the server hung up.
    async fn read(&mut self, length: usize) -> io::Result<usize> {
        let mut part = ReadBuf::new(&mut self.answer[length..]);
        let stream = &mut self.stream;
        poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut part)).await?;
        Ok(part.filled().len())
    }
}

/// Asks once, and gives the whole answer.
pub fn ask_once(
    address: SocketAddr,
    question: &Question,
    numbers: &Numbers,
) -> anyhow::Result<Vec<u8>> {
    numbers.open(0, 1);
    let mut asked = question.bytes();
    question.number(&mut asked, numbers.next().context("there is a contract to ask about")?);
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(&asked)?;
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    while whole(&answer)?.is_none() {
        let read = stream.read(&mut part)?;
        ensure!(read > 0, "the server hung up");
        answer.extend_from_slice(&part[..read]);
    }
    check(&answer)?;
    Ok(answer)
}

/// Where the head of an answer ends, once it is there.
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    find(bytes, b"\r\n\r\n").map(|end| end + 4)
}

/// How long an answer is, once all of it is there.
fn whole(bytes: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = head_end(bytes) else { return Ok(None) };
    let head = &bytes[..end];
    let length = find(head, b"content-length: ").context("an answer says its length")?;
    let digits = head[length + 16..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0_usize, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Ok(Some(end + length).filter(|whole| bytes.len() >= *whole))
}

/// The answer must be a good one.
fn check(answer: &[u8]) -> anyhow::Result<()> {
    // It stands before everything that the answer tells.
    let beginning = &answer[..answer.len().min(1024)];
    if beginning.starts_with(b"HTTP/1.1 200 ") && find(beginning, b"<statut>OK</statut>").is_some()
    {
        return Ok(());
    }
    bail!("not OK: {}", String::from_utf8_lossy(answer))
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    let last = bytes.len().checked_sub(part.len())?;
    let mut from = 0;
    while from <= last {
        from += bytes[from..=last].iter().position(|byte| *byte == first)?;
        if bytes[from..].starts_with(part) {
            return Some(from);
        }
        from += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_whole_when_all_of_them_is_there() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde";
        assert_eq!(whole(answer).unwrap(), Some(answer.len()));
        assert_eq!(whole(&answer[..answer.len() - 1]).unwrap(), None);
        assert_eq!(whole(&answer[..20]).unwrap(), None);
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn only_a_good_answer_is_good() {
        assert!(check(b"HTTP/1.1 200 OK\r\n\r\n<statut>OK</statut>").is_ok());
        assert!(check(b"HTTP/1.1 200 OK\r\n\r\n<statut>KO</statut>").is_err());
        assert!(check(b"HTTP/1.1 500 no\r\n\r\n<statut>OK</statut>").is_err());
    }
}
