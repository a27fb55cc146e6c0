mod carried_out;
mod kept;

use std::path::{Path, PathBuf};

use cli_support::{Context, ExitStatus, Failure};
use findings_model::{Receipt, text};
use pypi_publish::{Action, IndexClient, Jobs, Parcel, Plan, Preflight, PublishError, PublishOptions};

use crate::{
    attest,
    auth::{Auth, Renewal},
    dist::{DistArgs, distributions},
    failure,
    index::{IndexArgs, block_on, check_options, index_rules, patience},
    plan,
    report::{Document, FailureReport, Progress, Stage},
    tell::tell,
    watch::observer,
};

/// Publish files to an index, wait until it lists them, and write the receipt
///
/// Every file is checked and the whole plan is known before the first byte is sent. A file that is there already with
/// the same digest is done. The credential is had by trusted publishing, from AWS, or from the environment variable PYPI_TOKEN.
#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    dist: DistArgs,
    #[command(flatten)]
    index: IndexArgs,
    /// How to prove who publishes [default: publish.auth of the configuration, or by what is present]
    #[arg(long, value_enum, env = "RELWARDEN_AUTH")]
    auth: Option<Auth>,
    /// Do everything but send
    #[arg(long)]
    dry_run: bool,
    /// Ask the index first what it makes of the credential and the metadata: the whole form of one file, without the file
    #[arg(long)]
    preflight: bool,
    /// Sign for the files and write the attestations beside them; with trusted publishing they are uploaded too
    #[arg(long)]
    attest: bool,
    /// How many files are sent at a time, once the first is there (1 to 16) [default: 4]
    #[arg(long, value_name = "N", value_parser = parse_jobs)]
    jobs: Option<Jobs>,
    /// How many seconds to wait for the index to list what it took [default: 300]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
    /// Where to write the receipt
    #[arg(long, value_name = "FILE", default_value = "receipt.json")]
    receipt: PathBuf,
}

/// What is sent, where to, and what keeps the credential from ending meanwhile.
struct Upload<'a> {
    client: &'a IndexClient,
    renewal: Option<&'a Renewal>,
    plan: &'a Plan,
    files: &'a [Parcel],
}

fn parse_jobs(text: &str) -> Result<Jobs, String> {
    text.parse().ok().and_then(Jobs::new).ok_or_else(|| "give a number from 1 to 16".to_owned())
}

impl Publish {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let mut progress = Progress { dry_run: self.dry_run, attests: self.attest, ..Progress::default() };
        let done = self.carry_out(&mut progress, cx);
        let failure = done.as_ref().err().map(|error| FailureReport::new(error, &progress, cx));
        if let Some(failure) = &failure {
            for note in failure.notes() {
                cx.note(note)?;
            }
        }
        let document = Document::new(&progress, failure, cx.now());
        cx.result(&document, &document.text())?;
        if let Some(receipt) = &progress.receipt {
            cx.actions().outputs([
                ("version", receipt.version.as_str()),
                ("verified", if receipt.verified { "true" } else { "false" }),
            ])?;
        }
        cx.actions().summary(&document.summary())?;
        if !self.dry_run {
            tell(&document, cx)?;
        }
        done.map(|()| ExitStatus::Done)
    }

    /// Each stage in its turn. What is known is in `progress`, whether or not the next stage comes to its end.
    fn carry_out(&self, progress: &mut Progress, cx: &mut Context) -> anyhow::Result<()> {
        let address = self.index.address(cx)?;
        progress.index = Some(address.clone());
        self.keep_inputs(cx)?;
        let mut files = self.dist.publishable(&check_options(&address, cx)?, cx)?;
        own_files_only(&files, cx)?;

        progress.stage = Stage::Credential;
        let (client, renewal) = self.index.publisher(self.auth, cx)?;
        if let Some(credential) = client.credential() {
            cx.note(format!("the token comes from {}", credential.source()))?;
        }

        progress.stage = Stage::Plan;
        let (rules, patience) = (index_rules(cx)?, patience(cx, self.wait));
        let plan = block_on(plan::make(&client, &files, &rules, cx.now(), &patience))??;
        progress.plan = Some(plan.clone());
        let mut nothing_sent = carried_out::nothing_sent(&address, &plan, &self.receipt, cx)?;
        progress.receipt = Some(nothing_sent.clone());
        if self.dry_run
            && let Some(obstacle) = plan.obstacle()
        {
            return Err(failed(obstacle.into(), &plan).into());
        }

        progress.stage = Stage::Preflight;
        if self.preflight && plan.obstacle().is_none() {
            progress.preflight = self.ask_beforehand(&client, &files, &plan, cx)?;
            progress.preflight.as_ref().map_or(Ok(()), |found| preflight_verdict(found, &plan))?;
        }

        progress.stage = Stage::Attest;
        if self.attest && plan.obstacle().is_none() {
            let credential = client.credential();
            let source = credential.as_ref().map(|credential| credential.source());
            nothing_sent.extra = attest::publish::attest(&self.dist, &mut files, source, self.dry_run, cx)?;
            progress.receipt = Some(nothing_sent.clone());
        }
        if self.dry_run {
            return Ok(());
        }

        progress.stage = Stage::Upload;
        let upload = Upload { client: &client, renewal: renewal.as_ref(), plan: &plan, files: &files };
        self.send(&upload, nothing_sent, progress, cx)?;
        if files.iter().any(|file| file.attestations.is_some()) {
            progress.stage = Stage::Verify;
            self.prove_attestations(&client, &files, cx)?;
        }
        Ok(())
    }

    /// Asks the index what it makes of the first file that is to be sent; none where none is.
    fn ask_beforehand(
        &self,
        client: &IndexClient,
        files: &[Parcel],
        plan: &Plan,
        cx: &mut Context,
    ) -> anyhow::Result<Option<Preflight>> {
        let Some(first) = plan.files.iter().position(|file| file.action == Action::Upload) else {
            return Ok(None);
        };
        let patience = patience(cx, self.wait);
        let found = block_on(pypi_publish::preflight(client, &files[first].distribution, &patience))?;
        let found = found.map_err(|error| {
            let (kind, hint) = (error.kind(), error.hint());
            failure::of(error, kind, hint, format!("cannot ask {} beforehand", plan.index))
        })?;
        Ok(Some(found))
    }

    /// Sends what the plan says. The receipt on the disk says at each moment what the index took; where none can be written, nothing
    /// is sent.
    fn send(
        &self,
        upload: &Upload<'_>,
        nothing_sent: Receipt,
        progress: &mut Progress,
        cx: &mut Context,
    ) -> anyhow::Result<()> {
        let path = cx.path(&self.receipt);
        let earlier = kept::earlier(&path, cx)?;
        let (decision_id, trial, extra) =
            (nothing_sent.decision_id.clone(), nothing_sent.trial, nothing_sent.extra.clone());
        let mut so_far = nothing_sent;
        if let Some(earlier) = &earlier {
            kept::keep_taken(&mut so_far, earlier);
        }
        kept::write(&so_far, &path)?;
        let options = PublishOptions {
            jobs: self.jobs.unwrap_or_default(),
            earlier,
            observer: Some(observer(so_far, path.clone(), cx)),
        };
        let patience = patience(cx, self.wait);
        let sending = pypi_publish::publish(upload.client, upload.plan, upload.files, &options, &patience);
        let publication = block_on(async {
            match upload.renewal {
                Some(renewal) => renewal.beside(upload.client, sending).await,
                None => sending.await,
            }
        })?;
        let mut receipt = publication.receipt(decision_id, cx.now());
        (receipt.trial, receipt.extra) = (trial, extra);
        if let Some(earlier) = &options.earlier {
            kept::keep_taken(&mut receipt, earlier);
        }
        // The observer's bars end here.
        drop(options);
        progress.receipt = Some(receipt.clone());
        let written = kept::write(&receipt, &path);
        if let Some(error) = publication.failure {
            if let Err(unwritten) = written {
                cx.note(format!("warning: {unwritten}"))?;
            }
            return Err(failed(error, upload.plan).into());
        }
        progress.stage = Stage::Receipt;
        Ok(written?)
    }

    /// Looks whether the index has the attestations that went with the files, and proves them as anyone can who installs them. The files
    /// are there: what cannot be learned is told and no failure, what proves nothing is one.
    fn prove_attestations(&self, client: &IndexClient, files: &[Parcel], cx: &mut Context) -> anyhow::Result<()> {
        let patience = patience(cx, Some(0));
        let found = block_on(pypi_publish::verify(client, &distributions(files), &patience))?;
        if let Some(error) = found.failure {
            cx.note(format!("warning: whether the index has the attestations could not be learned: {error}"))?;
            return Ok(());
        }
        let attested = attest::index::look_for(client, &self.dist, files, &found.files, &patience, cx)?;
        for (file, attested) in found.files.iter().zip(&attested) {
            cx.note(attested.line(&file.file))?;
        }
        Ok(attest::index::proven(&attested)?)
    }

    /// The receipt is no file that is published.
    fn keep_inputs(&self, cx: &Context) -> anyhow::Result<()> {
        let receipt = cx.path(&self.receipt);
        let same = |path: &PathBuf| *path == receipt || is_same_file(path, &receipt);
        if self.dist.paths(cx)?.iter().any(same) {
            let what = format!("--receipt names {}, which is to be published", self.receipt.display());
            return Err(Failure::new(ExitStatus::Usage, what).hint("name another file for the receipt").into());
        }
        Ok(())
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let (one, other) = (one.canonicalize(), other.canonicalize());
    one.is_ok_and(|one| other.is_ok_and(|other| one == other))
}

/// The credential is for the project, and so must the files be.
fn own_files_only(files: &[Parcel], cx: &mut Context) -> anyhow::Result<()> {
    let own = cx.config()?.project_name()?.clone();
    let Some(other) = files.iter().find(|parcel| *parcel.distribution.project() != own) else {
        return Ok(());
    };
    let (file, project) = (text::one_line(other.distribution.file_name()), other.distribution.project());
    let what = format!("{file} is of the project {project}, and this is {own}");
    let hint = "name the files of this project, or the folder of theirs with --project";
    Err(Failure::new(ExitStatus::Usage, what).hint(hint).into())
}

fn failed(error: PublishError, plan: &Plan) -> Failure {
    let what = format!("cannot publish {} {} to {}", plan.project, plan.version, plan.index);
    let (kind, hint) = (error.kind(), error.hint());
    failure::of(error, kind, hint, what)
}

/// What the index said beforehand ends the publish, or does not.
fn preflight_verdict(found: &Preflight, plan: &Plan) -> Result<(), Failure> {
    let (status, hint) = match found {
        Preflight::Acceptable | Preflight::Known | Preflight::Inconclusive(_) => return Ok(()),
        Preflight::Refused(_) => (ExitStatus::Refused, "check that the token is valid and is for this index"),
        Preflight::Rejected(_) => (ExitStatus::No, "correct what the index says and build again"),
    };
    let answered = found.answered().map(|answered| format!(" (it answered with {answered})")).unwrap_or_default();
    let what = format!("{} does not take {} {}: {}{answered}", plan.index, plan.project, plan.version, found.meaning());
    Err(Failure::new(status, what).hint(hint))
}
